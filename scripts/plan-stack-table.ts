import type { StackCost } from "../planner/cost";
import { PRICE_DATE, PRICE_REGION } from "../planner/instances";
import type { ModelExpectation, PoolExpectation } from "../planner/plan-stack";
import { sleepText } from "./plan-sleep";
import { spendLines } from "./plan-spend";
import type { StackPlan } from "./plan-stack";
import { columns, replica, short, tokens } from "./plan-table";

/*
 * The plan of a stack as text for people.
 */

const gib = (value: number) => value.toFixed(1);

function memoryLine({ budget }: PoolExpectation, contextTokens: number): string {
  const { weightsGib, activationGib, nonTorchGib, cudaGraphsGib, availableKvGib, budgetGib } = budget;
  return (
    `memory: ${gib(weightsGib)} GiB weights + ${gib(activationGib + nonTorchGib + cudaGraphsGib)} to work + ` +
    `${gib(availableKvGib)} keys and values = ${gib(budgetGib)} GiB a GPU; ` +
    `${budget.kvTokens} KV tokens, ${budget.concurrency} request${budget.concurrency === 1 ? "" : "s"} of ${tokens(contextTokens)}`
  );
}

function poolLines(pool: PoolExpectation, model: ModelExpectation, plan: StackPlan): string[] {
  const title = `  ${replica(pool)} (pool ${pool.pool})`;
  const { performance } = pool;
  if (performance === undefined) {
    const fix = pool.alternatives.length > 0 ? [`    would fit: ${pool.alternatives.join("; ")}`] : [];
    return [`${title}: does not fit`, ...pool.faults.map((fault) => `    ${fault}`), ...fix];
  }
  const { node, requests, firstTokenSeconds, tokenSeconds, saturatedTokensPerSecond } = performance;
  const queue =
    requests < model.targetConcurrency ? `; room for ${requests} of ${model.targetConcurrency}, others wait` : "";
  const lines = [
    `${title}: fits${node ? `, on ${node.instanceType}` : ""}`,
    `    ${memoryLine(pool, model.contextTokens)}`,
    `    speed: at ${model.targetConcurrency} requests of ${plan.inputTokens} tokens in and ${plan.outputTokens} out ` +
      `${firstTokenSeconds.toFixed(2)} s to the first token, ${(tokenSeconds * 1000).toFixed(1)} ms for each other${queue}; ` +
      `full: ${saturatedTokensPerSecond.toFixed(0)} tokens/s`,
  ];
  if (node === undefined) return lines;
  const { stages, totalSeconds } = node.coldStart;
  const money =
    node.usdPerHour === undefined || node.usdPerMillionTokens === undefined
      ? `    cost: there is no list price of ${node.instanceType}; give one with --price ${node.instanceType}=USD`
      : `    cost: ${node.usdPerHour.toFixed(2)} USD an hour awake, ${short(node.usdPerMillionTokens)} USD for a million output tokens when full`;
  return [
    ...lines,
    `    wakes in ${totalSeconds.toFixed(0)} s: ${stages.map(({ name, seconds }) => `${name} ${seconds.toFixed(0)}`).join(" + ")}`,
    money,
  ];
}

function modelLines(model: ModelExpectation, plan: StackPlan): string[] {
  const runs = model.pools.some(({ performance }) => performance !== undefined);
  const hold =
    model.holdFaults.length > 0
      ? model.holdFaults.map((fault) => `  hold: ${fault}`)
      : [`  hold: a request waits up to ${model.holdSeconds} s for it to wake`];
  return [
    "",
    `${model.model}: weights in ${model.format}, context of ${tokens(model.contextTokens)}`,
    ...model.pools.flatMap((pool) => poolLines(pool, model, plan)),
    ...(runs ? hold : []),
  ];
}

function costLines(cost: StackCost | undefined): string[] {
  if (cost === undefined)
    return ["", "The cluster is your own: what it costs is not known here. The gateway and the routers add nothing."];
  const rows = cost.items.map((item) => [
    `  ${item.name}`,
    item.unitUsdPerHour.toFixed(4),
    `${item.idleQuantity}`,
    item.idleUsdPerHour.toFixed(3),
    `${item.mostQuantity}`,
    item.mostUsdPerHour.toFixed(3),
  ]);
  const total = ["  an hour", "", "", cost.idleUsdPerHour.toFixed(3), "", cost.mostUsdPerHour.toFixed(3)];
  const floor =
    cost.floorUsdPerHour > 0
      ? [`Schedules add ${cost.floorUsdPerHour.toFixed(3)} USD an hour to idle, averaged over a week.`]
      : [];
  return [
    "",
    `Cost, in US dollars; prices on demand in ${PRICE_REGION}, ${PRICE_DATE}, and your own:`,
    ...columns([["  item", "USD/h each", "idle", "USD/h", "at most, cheapest types", "USD/h"], ...rows, total], 1),
    `Idle: ${cost.idleUsdPerMonth.toFixed(0)} USD a month of 730 hours.`,
    ...floor,
  ];
}

export function stackText(plan: StackPlan): string {
  return [
    `Stack ${plan.stack}`,
    ...plan.models.flatMap((model) => modelLines(model, plan)),
    ...plan.unknown.flatMap(({ model, reason }) => ["", `${model}: not known`, `  ${reason}`]),
    ...costLines(plan.cost),
    ...sleepText(plan.sleep),
    ...spendLines(plan.spend),
    ...(plan.beforeUp ?? []).map((fault) => `Before pulumi up: ${fault}`),
  ].join("\n");
}
