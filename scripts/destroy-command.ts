import type { Stack } from "@pulumi/pulumi/automation";
import { adviceFor, pendingLines, unreachableMessage } from "./destroy-advice";
import type { Answer } from "./destroy-probe";
import { progress } from "./destroy-progress";
import {
  type Deployment,
  inCluster,
  managedBy,
  pendingCreates,
  withoutKubernetes,
  withoutPending,
} from "./destroy-state";
import { backUp, exportState, importState, stateWithSecrets } from "./destroy-workspace";
import type { Search } from "./sweep-account";
import { listCommand, Refusal } from "./sweep-command";
import { deleteLeftovers, type Patience } from "./sweep-delete";

/*
 * What `npm run destroy` does, with the stack and the account that it is given. Every step can be repeated: each looks anew
 * at what is there.
 */

export interface DestroyArgs {
  readonly stack: Stack;
  /** The stack, as for pulumi. */
  readonly short: string;
  readonly search: Search;
  /** Whether the cluster answers. @param deployment with its secrets. */
  readonly probe: (deployment: Deployment) => Promise<Answer>;
  readonly confirm: () => Promise<boolean>;
  readonly say: (line: string) => void;
  /** Folder of backups. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly patience?: Patience;
}

/** @returns whether nothing is left. @throws Error that says why it stopped, and what to do. */
export async function destroyCommand(args: DestroyArgs): Promise<boolean> {
  const { stack, short } = args;
  const answer = await answerFor(args);
  if (answer.kind === "silent") throw new Error(unreachableMessage(answer.why, short));
  if (answer.kind === "denied") throw new Error(deniedMessage(answer.why));
  await demandConfirmed(args);
  await destroyRest(args);
  return lookAfter(args, await exportState(stack));
}

/** As `destroyCommand`, of a stack whose cluster no longer answers. */
export async function clusterGoneCommand(args: DestroyArgs): Promise<boolean> {
  const { stack, short, search, say, folder, signal, patience } = args;
  const answer = await answerFor(args);
  if (answer.kind === "denied") throw new Error(deniedMessage(answer.why));
  let exported = await exportState(stack);
  if (answer.kind === "ready" && inCluster(exported.deployment).length > 0)
    throw new Refusal(
      "the cluster answers, so it is not gone; nothing was changed. What runs in it is to be deleted in order: " +
        `npm run destroy -- --stack ${short}`,
    );
  await demandConfirmed(args);
  say(`state backed up to ${backUp(exported, short, folder, new Date())}`);
  const { deployment } = exported;
  const remaining = withoutKubernetes(deployment);
  const dropped = (deployment.resources?.length ?? 0) - (remaining.resources?.length ?? 0);
  if (dropped > 0) {
    await importState(stack, exported, remaining);
    say(`dropped ${dropped} Kubernetes resources from the state`);
    exported = await exportState(stack);
  }
  say("removing what the cluster's controllers left ...");
  await deleteLeftovers({ search, managed: managedBy(exported.deployment), say, signal, patience });
  await destroyRest(args);
  const after = await exportState(stack);
  // A controller that was still at work, unreachable from here, may have made more while its cluster was destroyed.
  await deleteLeftovers({ search, managed: managedBy(after.deployment), say, signal, patience });
  return lookAfter(args, after);
}

/** Only what has something in a cluster needs one: a stack that was cut off before goes straight on. */
async function answerFor({ stack, probe }: DestroyArgs): Promise<Answer> {
  const deployment = await stateWithSecrets(stack);
  return inCluster(deployment).length === 0 ? { kind: "ready" } : probe(deployment);
}

async function demandConfirmed({ confirm }: DestroyArgs): Promise<void> {
  if (!(await confirm())) throw new Refusal("nothing was changed");
}

/** Whatever the state has, by the engine. */
async function destroyRest({ stack, short, say, signal }: DestroyArgs): Promise<void> {
  const { deployment } = await exportState(stack);
  const { errors, onEvent, stop } = progress(deployment.resources?.length ?? 0, say);
  try {
    // No signal for the engine: a terminal's interrupt reaches it by itself, and a second one makes it drop its steps.
    await stack.destroy({ onEvent, color: "never" });
    // It calls a destroy that was cut off a success.
    signal?.throwIfAborted();
  } catch (error) {
    signal?.throwIfAborted();
    const told = errors.length > 0 ? errors : [error instanceof Error ? error.message : String(error)];
    const pending = pendingLines(pendingCreates(deployment), short);
    throw new Error(["destroy failed:", ...told, "", ...pending, ...adviceFor(told, short)].join("\n"));
  } finally {
    stop();
  }
}

/** What is left, and an end to what a killed run had begun: the engine keeps that in the state for ever. */
async function lookAfter(
  { stack, short, search, say }: DestroyArgs,
  exported: Awaited<ReturnType<typeof exportState>>,
): Promise<boolean> {
  const { deployment } = exported;
  const pending = pendingCreates(deployment);
  for (const line of pendingLines(pending, short)) say(line);
  if (pending.length > 0) await importState(stack, exported, withoutPending(deployment));
  const left = await listCommand({ search, deployment, say });
  return left.length === 0;
}

const deniedMessage = (why: string) =>
  `the cluster cannot be asked with these credentials; nothing was changed. Get others and repeat: ${why}`;
