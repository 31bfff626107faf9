import { type Fit, fitOf } from "./fit";
import { type FitRequest, replicaSizes, unfitReason } from "./fit-request";
import type { GpuName } from "./gpus";
import type { MemoryBudget } from "./memory";
import { optionOf, type PlanOption, type PlanRequest } from "./plan-option";

export type { PlanOption, PlanRequest } from "./plan-option";

/** An option that is possible, with its place. */
export interface RankedOption extends PlanOption {
  /** Why it is not the first, with the numbers; absent for the first. */
  readonly why?: string;
}

/** GPUs that cannot serve the model. */
export interface UnfitOption {
  readonly gpu: GpuName;
  readonly gpusPerReplica: number;
  /** In one line. */
  readonly why: string;
  /** The same with every number. */
  readonly reason: string;
  /** Up to three changes that would fit. */
  readonly alternatives: readonly string[];
  /** Those of them that keep the GPUs: the others have a line of their own in a plan. */
  readonly onSameGpus: readonly string[];
}

export interface Plan {
  /** Best first. */
  readonly options: readonly RankedOption[];
  readonly unfit: readonly UnfitOption[];
}

/** What comes first: the cheaper token, then the sooner next token, then the sooner first one, then fewer GPUs. */
export function compareOptions(a: PlanOption, b: PlanOption): number {
  return (
    a.usdPerMillionTokens - b.usdPerMillionTokens ||
    a.tokenSeconds - b.tokenSeconds ||
    a.firstTokenSeconds - b.firstTokenSeconds ||
    a.gpusPerReplica * a.replicas - b.gpusPerReplica * b.replicas
  );
}

/** Why an option is not the first of those before it, which all are cheaper; and which of them makes it pointless. */
function whyLater(option: PlanOption, before: readonly PlanOption[]): string {
  const [first = option] = before;
  const times = option.usdPerMillionTokens / first.usdPerMillionTokens;
  const price = times < 1.005 ? "the same price for a token" : `${times.toFixed(times < 10 ? 2 : 0)} times the price`;
  const seconds = (value: number) => `${value.toPrecision(2)} s`;
  const sooner = option.answerSeconds < first.answerSeconds;
  const better = before.find(({ answerSeconds }) => answerSeconds <= option.answerSeconds);
  const pointless =
    better && better !== first ? `; ${better.gpusPerReplica} × ${better.gpu} is cheaper and no slower` : "";
  return `${price}; an answer ${sooner ? "only " : ""}takes ${seconds(option.answerSeconds)} instead of ${seconds(first.answerSeconds)}${pointless}`;
}

/** One line for a replica whose GPUs have too little memory. */
function shortOfMemory(request: FitRequest, budget: MemoryBudget): string {
  const g = (gib: number) => `${gib.toFixed(1)} GiB`;
  const other = budget.activationGib + budget.nonTorchGib + budget.cudaGraphsGib;
  return (
    `${request.tensorParallel > 1 ? "each GPU " : ""}needs ${g(budget.weightsGib)} for weights, ${g(other)} to work and ` +
    `${g(budget.kvPerSequenceGib)} for one request of ${request.contextTokens} tokens, and has ${g(budget.budgetGib)}`
  );
}

function unfitOption(asked: FitRequest, fit: Extract<Fit, { fits: false }>): UnfitOption {
  const { gpu, tensorParallel } = asked;
  // With room for any number of requests, what is left to complain about is not memory.
  const other = unfitReason(asked, { ...fit.budget, concurrency: Number.POSITIVE_INFINITY });
  const same = fit.alternatives.filter(
    ({ request }) => request.gpu === gpu && request.tensorParallel === tensorParallel,
  );
  return {
    gpu,
    gpusPerReplica: tensorParallel,
    why: other ?? shortOfMemory(asked, fit.budget),
    reason: fit.reason,
    alternatives: fit.alternatives.map(({ text }) => text),
    onSameGpus: same.map(({ text }) => text),
  };
}

function checked(request: PlanRequest): void {
  const { shape, contextTokens, concurrency, inputTokens, outputTokens, gpusPerReplica = 1 } = request;
  for (const [name, value] of Object.entries({
    contextTokens,
    concurrency,
    inputTokens,
    outputTokens,
    gpusPerReplica,
  }))
    if (!(Number.isInteger(value) && value >= 1))
      throw new RangeError(`plan: ${name} is ${value}; it must be a whole number from 1 on`);
  if (contextTokens > shape.maxContext)
    throw new RangeError(
      `${shape.name} knows at most ${shape.maxContext} tokens of context, not ${contextTokens}; take a context up to that`,
    );
  if (inputTokens + outputTokens > contextTokens)
    throw new RangeError(
      `${inputTokens} tokens in and ${outputTokens} out are more than a context of ${contextTokens} tokens; ` +
        "take a longer context or shorter requests",
    );
}

/** The sizes of a replica on a GPU that are worth a look. */
const sizesOn = (gpu: GpuName, request: PlanRequest): number[] =>
  request.gpusPerReplica === undefined
    ? replicaSizes(gpu)
    : replicaSizes(gpu).filter((size) => size === request.gpusPerReplica);

/**
 * Every way to serve a model on the GPUs asked for, best first, and why the other ways are none.
 * @throws RangeError for requests that no GPU could serve: longer than the model's context, or than the context asked for.
 */
export function planModel(request: PlanRequest): Plan {
  checked(request);
  const options: PlanOption[] = [];
  const unfit: UnfitOption[] = [];
  for (const gpu of request.gpus) {
    const sizes = sizesOn(gpu, request);
    if (sizes.length === 0) {
      const gpusPerReplica = request.gpusPerReplica ?? 1;
      const reason = `a replica has 1, 2, 4 or 8 GPUs of one instance, and with ${gpu} at most ${Math.max(...replicaSizes(gpu))}`;
      unfit.push({ gpu, gpusPerReplica, why: reason, reason, alternatives: [], onSameGpus: [] });
    }
    for (const tensorParallel of sizes) {
      const { shape, format, contextTokens } = request;
      const asked: FitRequest = { shape, format, gpu, tensorParallel, contextTokens };
      const fit = fitOf(asked);
      if (!fit.fits) {
        unfit.push(unfitOption(asked, fit));
        continue;
      }
      const option = optionOf(request, asked, fit.budget);
      if (typeof option !== "string") options.push(option);
      else
        unfit.push({
          ...{ gpu, gpusPerReplica: tensorParallel, why: option, reason: option },
          ...{ alternatives: [], onSameGpus: [] },
        });
    }
  }
  const ranked = options.sort(compareOptions);
  return {
    options: ranked.map((option, index) =>
      index === 0 ? option : { ...option, why: whyLater(option, ranked.slice(0, index)) },
    ),
    unfit,
  };
}
