import { type StackCost, stackCost } from "../planner/cost";
import { nodeNeed } from "../planner/fit";
import { DEFAULT_COLD_START_SECONDS, type HoldChain, type HoldRequest, holdChain } from "../planner/hold";
import { INSTANCES, PRICE_DATE } from "../planner/instances";
import type { ModelShape } from "../planner/model-shape";
import { findModel } from "../planner/models";
import { nodeFaults } from "../planner/node-fit";
import { expectModel, type ModelExpectation, USUAL_REQUEST } from "../planner/plan-stack";
import type { NodeCapacity } from "../planner/pod-requests";
import { parseSource } from "../planner/source";
import type { ModelConfig, StackConfig } from "./config";
import { asRun, stackModel, stackShape } from "./planning";
import { isEksPool, nodesOf, poolSpec, poolsOf } from "./pools";

/*
 * What the planner says of a stack's models, for rules, components and outputs. Of a model that is in no table of the
 * planner it says nothing, and the kit goes by what it knows without it.
 */

type Settings = Pick<StackConfig, "gpuPools" | "drivers">;

/** The model's shape under the name the stack file gives it. How a GGUF file is quantised its repository does not tell. */
export function shapeOf(model: ModelConfig): ModelShape | undefined {
  const source = parseSource(model.source);
  if (source.kind !== "hub" || /gguf/i.test(source.repository)) return undefined;
  const listed = findModel(source.repository);
  return listed && asRun({ ...listed, name: source.repository }, model);
}

/** What the model will do on each of its pools, or undefined where the planner does not know it. */
export function expectationOf(name: string, model: ModelConfig, settings: Settings): ModelExpectation | undefined {
  const shape = shapeOf(model);
  return shape && expectModel({ ...stackModel(name, model, settings), shape }, USUAL_REQUEST);
}

/** What decides a model's chain of timeouts. */
export function holdRequestOf(name: string, model: ModelConfig, settings: Settings): HoldRequest {
  return {
    coldStartSeconds: expectationOf(name, model, settings)?.coldStartSeconds ?? DEFAULT_COLD_START_SECONDS,
    longestGenerationSeconds: model.longestGeneration,
    holdSeconds: model.hold,
  };
}

/** The chain of timeouts of one model. */
export const chainOf = (name: string, model: ModelConfig, settings: Settings): HoldChain =>
  holdChain(holdRequestOf(name, model, settings));

/** The nodes a replica may land on: of each pool the types that carry it, so that no smaller one cuts its requests down. */
export function nodesCarrying(model: ModelConfig, { gpuPools }: Pick<StackConfig, "gpuPools">): NodeCapacity[] {
  const shape = shapeOf(model);
  return poolsOf(model, gpuPools).flatMap(([name, pool]) => {
    if (shape === undefined || !isEksPool(pool)) return nodesOf(name, pool);
    const need = nodeNeed(shape, shape.nativeFormat, model.gpusPerReplica);
    const carrying = poolSpec(name, pool).instanceTypes.flatMap((type) => {
      const node = INSTANCES[type];
      return node !== undefined && nodeFaults(type, node, need).length === 0 ? [node] : [];
    });
    return carrying.length > 0 ? carrying : nodesOf(name, pool);
  });
}

const rounded = (value: number, digits: number) => Number(value.toFixed(digits));

/** The planner's figures of a model on the first pool it tries, as the stack puts them out. */
export function expectedOf(name: string, model: ModelConfig, config: StackConfig) {
  const expectation = expectationOf(name, model, config);
  const [first] = expectation?.pools ?? [];
  if (expectation === undefined || first?.performance === undefined) return undefined;
  const { firstTokenSeconds, tokenSeconds, saturatedTokensPerSecond, node } = first.performance;
  return {
    gpu: first.gpu,
    concurrency: model.targetConcurrency,
    firstTokenSeconds: rounded(firstTokenSeconds, 2),
    tokenSeconds: rounded(tokenSeconds, 4),
    tokensPerSecond: Math.round(saturatedTokensPerSecond),
    coldStartSeconds: Math.ceil(expectation.coldStartSeconds),
    usdPerMillionTokens: node?.usdPerMillionTokens === undefined ? undefined : rounded(node.usdPerMillionTokens, 2),
  };
}

/** What the stack costs by the hour, asleep and at most; nothing where the cluster is the user's own. */
export function costOf(config: StackConfig, today: string) {
  const shape = stackShape(config, today);
  if (shape === undefined) return undefined;
  const { idleUsdPerHour, mostUsdPerHour }: StackCost = stackCost(shape);
  return {
    idleUsdPerHour: rounded(idleUsdPerHour, 2),
    mostUsdPerHour: rounded(mostUsdPerHour, 2),
    pricesOf: PRICE_DATE,
  };
}
