import type { Stack } from "@pulumi/pulumi/automation";
import { items, text } from "../doubles/aws/table";
import { follow, type Steps } from "../progress";
import type { Begun } from "./kinds";
import { KINDS } from "./kinds";
import { orphan } from "./orphans";
import type { Fault } from "./parse";
import { shortened } from "./said";
import { sweep } from "./sweep";
import type { Cell, Fix } from "./table";
import { inAws, type Phase, type World } from "./world";

/** How a command ended: what the user read of errors, the empty list after a success. */
export interface Seen {
  readonly fault: string;
  readonly phase: Phase;
  /** What the user reads, one line; empty after a success. */
  readonly said: string;
  /** What was done then, of what its row says. */
  readonly fixes: readonly Fix[];
  readonly seconds: number;
}

/** A fault that ended as it must not; the message says what was seen. */
export class FaultError extends Error {}

/** `name` or `name=value`, as the command line has it. */
export const written = ({ kind, value }: Fault): string => (value === "" ? kind : `${kind}=${value}`);

/**
 * Plays a phase with a fault in it, then what its row says is to be done, then the phase again, which must succeed and
 * leave nothing to do.
 */
export async function playPhase(world: World, fault: Fault, phase: Phase, cell: Cell): Promise<Seen> {
  const started = Date.now();
  const begun = await kindOf(fault).begin(world, fault.value, phase);
  let said: string[];
  try {
    // One step at a time where one of them is the last: what else is under way then nobody would know of.
    said = await run(world.stack, phase, { begun, parallel: begun.killed ? 1 : undefined });
  } finally {
    await begun.end();
  }
  const where = `--fault ${written(fault)}, ${phase}`;
  const unmet = await begun.unmet?.();
  if (unmet !== undefined) throw new FaultError(`${where}: the fault met nothing: ${unmet}`);
  // A killed engine says nothing. The next command does.
  if (begun.killed?.() === true) said = await run(world.stack, phase);
  demandSaid(where, cell, said);
  const replace: string[] = [];
  const fixes: Fix[] = [];
  for (const fix of cell.fixes ?? []) if (await FIXES[fix](world, replace)) fixes.push(fix);
  const refresh = fixes.includes("refresh");
  const again = await run(world.stack, phase, { replace, refresh: refresh && phase === "up" });
  if (again.length > 0) throw new FaultError(`${where}: the repeat failed, too:\n  ${again.join("\n  ")}`);
  await demandConverged(world, phase, where);
  return {
    fault: written(fault),
    phase,
    said: shortened(said, cell.says),
    fixes,
    seconds: (Date.now() - started) / 1000,
  };
}

function demandSaid(where: string, { says, any }: Cell, said: readonly string[]): void {
  if (any) return;
  if (says === undefined) {
    if (said.length > 0) throw new FaultError(`${where}: should have succeeded, and failed:\n  ${said.join("\n  ")}`);
    return;
  }
  if (said.length === 0) throw new FaultError(`${where}: should have failed with ${says}, and succeeded`);
  if (!said.some((line) => says.test(line)))
    throw new FaultError(`${where}: should have failed with ${says}, and failed with:\n  ${said.join("\n  ")}`);
}

/** Each applies a fix, and says whether there was anything to mend. */
const FIXES: Readonly<Record<Fix, (world: World, replace: string[]) => Promise<boolean>>> = {
  cancel: ({ stack }) => done(stack.cancel()),
  clear: ({ stack }) => done(stack.refresh({ clearPendingCreates: true, color: "never" })),
  replace: async ({ stack }, replace) => {
    const { deployment } = await stack.exportStack();
    const resources: { urn: string; initErrors?: string[] }[] = deployment?.resources ?? [];
    replace.push(...resources.filter(({ initErrors }) => (initErrors ?? []).length > 0).map(({ urn }) => urn));
    return replace.length > 0;
  },
  orphan,
  // A flag of the repeated `up`; before a destroy, an `up` of its own.
  refresh: async () => true,
  restore: ({ stack }) => done(stack.up({ refresh: true, color: "never" })),
  sweep: (world) => done(sweep(world)),
};

const done = (work: Promise<unknown>) => work.then(() => true);

interface How {
  readonly begun?: Begun;
  readonly parallel?: number;
  readonly replace?: string[];
  readonly refresh?: boolean;
}

/** @returns what the user reads of errors; nothing after a success. */
async function run(stack: Stack, phase: Phase, { begun, parallel, replace, refresh }: How = {}): Promise<string[]> {
  const { steps, onEvent } = follow(() => {});
  const output: string[] = [];
  const onOutput = (text: string) => output.push(text);
  try {
    if (begun?.program) await begun.program.up(stack, onOutput);
    else if (phase === "up") await stack.up({ onEvent, onOutput, color: "never", parallel, replace, refresh });
    else await stack.destroy({ onEvent, onOutput, color: "never", parallel });
    return [];
  } catch (error) {
    return reasons(steps, output.join(""), error);
  }
}

function reasons(steps: Steps, output: string, error: unknown): string[] {
  if (steps.errors.length > 0) return [...new Set(steps.errors)];
  const text = `${output}\n${error instanceof Error ? error.message : error}`;
  // A line of progress names the resource first.
  const lines = text.split("\n").flatMap((line) => /(?<!last )\berror: .*/.exec(line)?.[0] ?? []);
  return lines.length > 0 ? [...new Set(lines)] : [text.trim()];
}

/** Nothing is left to do: after an `up` another would change nothing, and all node groups work. */
async function demandConverged(world: World, phase: Phase, where: string): Promise<void> {
  const { stack } = world;
  const { deployment } = await stack.exportStack();
  const pending: unknown[] = deployment?.pending_operations ?? [];
  if (pending.length > 0) throw new FaultError(`${where}: the state still has ${pending.length} pending operations`);
  if (phase === "destroy") return;
  const { steps, onEvent } = follow(() => {});
  await stack.preview({ onEvent, color: "never" });
  const open = Object.entries(steps.byOperation).filter(([op, count]) => op !== "same" && count > 0);
  if (open.length > 0) throw new FaultError(`${where}: the repeat left more to do: ${steps.changes.join(", ")}`);
  const groups = await inAws(world, "eks", "ListNodegroups", { clusterName: world.name });
  for (const nodegroupName of (groups.nodegroups ?? []) as string[]) {
    const { nodegroup } = await inAws(world, "eks", "DescribeNodegroup", { clusterName: world.name, nodegroupName });
    if (text(nodegroup, "status") !== "ACTIVE")
      throw new FaultError(
        `${where}: node group ${nodegroupName} is ${text(nodegroup, "status")}: ${JSON.stringify(items([nodegroup])[0]?.health)}`,
      );
  }
}

function kindOf({ kind }: Fault) {
  const found = KINDS[kind];
  if (found === undefined) throw new Error(`there is no fault ${kind}`);
  return found;
}
