import { planModel } from "../planner/plan";
import { compareWithApi } from "../planner/plan-api";
import type { PlanRequest } from "../planner/plan-option";
import { USUAL_REQUEST } from "../planner/plan-stack";
import { findShape, type Lookup } from "./plan-model";
import type { ModelOptions } from "./plan-options";
import { planText } from "./plan-table";

/** Where the user names no context: enough for most chats and documents, and within every table. */
const USUAL_CONTEXT = 32 * 1024;

/** What a command line asks for; lengths it leaves open fit the context. */
export async function requestOf(options: ModelOptions, lookup: Lookup = {}): Promise<PlanRequest> {
  const { model, config, contextTokens: context, inputTokens: input, outputTokens: output } = options;
  const shape = await findShape(model, { ...lookup, config });
  const contextTokens = context ?? Math.max(Math.min(shape.maxContext, USUAL_CONTEXT), (input ?? 0) + (output ?? 0));
  const outputTokens = output ?? Math.max(1, Math.min(USUAL_REQUEST.outputTokens, Math.floor(contextTokens / 2)));
  const inputTokens = input ?? Math.max(1, Math.min(USUAL_REQUEST.inputTokens, contextTokens - outputTokens));
  const { format, gpus, gpusPerReplica, concurrency, prices, spot } = options;
  return { shape, format, gpus, gpusPerReplica, contextTokens, concurrency, inputTokens, outputTokens, prices, spot };
}

/** Answers for one model: the text to print, and whether any option fits. */
export async function planAdHoc(options: ModelOptions, lookup: Lookup = {}): Promise<{ text: string; fits: boolean }> {
  const request = await requestOf(options, lookup);
  const plan = planModel(request);
  const [first] = plan.options;
  const api = first && options.apiPrice ? compareWithApi(first, request, options.apiPrice) : undefined;
  const text = options.json ? JSON.stringify({ request, ...plan, api }, null, 2) : planText(request, plan, api);
  return { text, fits: first !== undefined };
}
