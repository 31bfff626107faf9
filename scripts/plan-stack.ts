import { type StackCost, stackCost } from "../planner/cost";
import { expectModel, type ModelExpectation, USUAL_REQUEST } from "../planner/plan-stack";
import { parseSource } from "../planner/source";
import type { StackConfig } from "../stacks/config";
import { parseStack } from "../stacks/config-read";
import { asRun, stackModel, stackShape } from "../stacks/planning";
import { examplesIn, isEncrypted, noSuchStack, readStackFile, stackNames } from "../stacks/stack-file";
import { findShape, type Lookup } from "./plan-model";
import type { StackOptions } from "./plan-options";
import { type SleepPlan, sleepPlans } from "./plan-sleep";
import { type SpendPlan, spendPlan } from "./plan-spend";
import { stackText } from "./plan-stack-table";
import { UsageError } from "./plan-values";

/** A model of which nothing can be said. */
export interface UnknownModel {
  readonly model: string;
  readonly reason: string;
}

export interface StackPlan {
  readonly stack: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly models: readonly ModelExpectation[];
  readonly unknown: readonly UnknownModel[];
  /** Absent where the cluster is the user's own. */
  readonly cost?: StackCost;
  /** Likewise. */
  readonly spend?: SpendPlan;
  /** Where requests a day are told. */
  readonly sleep?: readonly SleepPlan[];
  /** What `pulumi up` will refuse as it is; a plan can do without. */
  readonly beforeUp?: readonly string[];
}

/** Settings by full key. @throws UsageError that names the stacks there are. */
function readSettings(stack: string): Record<string, unknown> {
  const names = stackNames();
  if (!names.includes(stack)) throw new UsageError(noSuchStack(stack, names));
  // The example files have a place for the user's own addresses, which no plan depends on.
  return readStackFile(stack).config;
}

const withPrefix = (settings: Record<string, unknown>, prefix: string) =>
  Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
    ),
  );

/** Validated settings of a stack file. @throws ConfigError with every fault. */
export function readStackConfig(stack: string, today: string): StackConfig {
  const settings = readSettings(stack);
  const aws = withPrefix(settings, "aws:");
  const region = typeof aws.region === "string" ? aws.region : undefined;
  // An encrypted value cannot be read here, and need not be.
  const own = Object.entries(withPrefix(settings, "pilotlight:")).map(([key, value]) => [
    key,
    isEncrypted(value) ? "secret" : value,
  ]);
  // Whether it runs already only decides if an outdated Kubernetes version is a fault; a plan shows its price instead.
  const around = { region, aws, today, running: true };
  return parseStack(Object.fromEntries(own), around);
}

/** What every model of a stack will do, and what the stack costs. */
export async function planOfStack(
  config: StackConfig,
  options: Omit<StackOptions, "kind" | "json">,
  today: string,
  lookup: Lookup = {},
): Promise<StackPlan> {
  const { stack, configs, prices, spot } = options;
  const { inputTokens = USUAL_REQUEST.inputTokens, outputTokens = USUAL_REQUEST.outputTokens } = options;
  const wrong = Object.keys(configs).filter((name) => !Object.hasOwn(config.models, name));
  if (wrong.length > 0)
    throw new UsageError(
      `--config ${wrong.join(", ")}: the stack has no such model; it has ${Object.keys(config.models).join(", ")}`,
    );
  const models: ModelExpectation[] = [];
  const unknown: UnknownModel[] = [];
  for (const [name, model] of Object.entries(config.models)) {
    const source = parseSource(model.source);
    const [id, revision] =
      source.kind === "hub" ? [source.repository, source.revision] : [source.prefix.split("/").slice(-2).join("/")];
    try {
      const flag = `--config ${name}=FILE`;
      const shape = await findShape(id, { ...lookup, config: configs[name], revision, flag });
      const usage = { inputTokens, outputTokens, prices, spot };
      models.push(expectModel({ ...stackModel(name, model, config), shape: asRun(shape, model) }, usage));
    } catch (error) {
      unknown.push({ model: name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  const shape = stackShape(config, today, spot);
  const cost = shape ? stackCost(shape, prices) : undefined;
  const spend = spendPlan(config);
  const sleep = options.requests && sleepPlans(models, config, options.requests, outputTokens);
  const money = { ...(cost ? { cost } : {}), ...(spend ? { spend } : {}), ...(sleep ? { sleep } : {}) };
  return { stack, inputTokens, outputTokens, models, unknown, ...money };
}

const fillIn = (stack: string) =>
  examplesIn(stack).map(
    ({ path, range }) => `${path} is still the documentation range ${range} (curl https://checkip.amazonaws.com)`,
  );

/** Answers for one stack: the text to print, and whether every model is known and fits all its pools. */
export async function planStack(options: StackOptions, today: string): Promise<{ text: string; fits: boolean }> {
  const { stack } = options;
  const plan: StackPlan = {
    ...(await planOfStack(readStackConfig(stack, today), options, today)),
    beforeUp: fillIn(stack),
  };
  const fits =
    plan.unknown.length === 0 &&
    plan.models.every(
      (model) => model.holdFaults.length === 0 && model.pools.every(({ faults }) => faults.length === 0),
    );
  return { text: options.json ? JSON.stringify(plan, null, 2) : stackText(plan), fits };
}
