import type { Cluster } from "@aws-sdk/client-eks";
import type { Stack } from "@pulumi/pulumi/automation";
import { messageOf } from "./connection";
import {
  adviceFor,
  aliveMessage,
  clusterGoneOf,
  destroyOf,
  goneQuestion,
  isAlive,
  pendingLines,
  repeatLine,
  type Unreachable,
  unreachableMessage,
} from "./destroy-advice";
import { denyLaunchesTo } from "./destroy-deny";
import type { Answer } from "./destroy-probe";
import { progress } from "./destroy-progress";
import {
  type Deployment,
  hasCluster,
  inCluster,
  launchRoleOf,
  managedBy,
  pendingCreates,
  withoutKubernetes,
  withoutPending,
} from "./destroy-state";
import { backUp, exportState, importState, stateWithSecrets } from "./destroy-workspace";
import type { Search } from "./sweep-account";
import { foreignCluster, listCommand, Refusal } from "./sweep-command";
import { deleteLeftovers, type Patience } from "./sweep-delete";
import { describeCluster } from "./sweep-eks";
import { notLookedFor } from "./sweep-table";

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
  /** Whether a person agrees. @param what will be done, in sentences. */
  readonly confirm: (what: string) => Promise<boolean>;
  readonly say: (line: string) => void;
  /** Folder of backups. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly patience?: Patience;
}

/** @returns whether nothing is left. @throws Error that says why it stopped, and what to do. */
export async function destroyCommand(args: DestroyArgs): Promise<boolean> {
  const { stack, short, search } = args;
  const answer = await answerFor(args);
  if (answer.kind === "silent") {
    // Who may not ask EKS is told the same, only less exactly.
    const cluster = await describeCluster(search).catch(() => undefined);
    throw new Error(unreachableMessage(answer.why, aboutCluster(args, cluster)));
  }
  if (answer.kind === "denied") throw new Error(deniedMessage(answer.why));
  await demandConfirmed(args, "All of it will be destroyed.");
  await destroyRest(args, destroyOf(short));
  return lookAfter(args, await exportState(stack));
}

/** As `destroyCommand`, of a stack whose cluster no longer answers. */
export async function clusterGoneCommand(args: DestroyArgs): Promise<boolean> {
  const { stack, short, search, say, folder } = args;
  const answer = await answerFor(args);
  if (answer.kind === "denied") throw new Error(deniedMessage(answer.why));
  const before = await exportState(stack);
  const inside = inCluster(before.deployment).length;
  if (answer.kind === "ready" && inside > 0)
    throw new Refusal(
      "the cluster answers, so it is not gone; nothing was changed. What runs in it is to be deleted in order: " +
        destroyOf(short),
    );
  const cluster = await describeCluster(search);
  if (cluster !== undefined && !hasCluster(before.deployment)) throw foreignCluster(search);
  const about = aboutCluster(args, cluster);
  await listCommand({ search, deployment: before.deployment, say });
  // Where the state has lost what is in the cluster, no way back to it is of use.
  if (inside > 0 && isAlive(about)) say(aliveMessage(about));
  await demandConfirmed(args, goneQuestion(about));
  const again = clusterGoneOf(short);
  await repeatable(args, again, async () => {
    say(`state backed up to ${backUp(before, short, folder, new Date())}`);
    await stopLaunches(args, before.deployment);
    say("removing what the cluster's controllers left ...");
    await sweepBeside(args, before.deployment);
    // Not before: where something does not go, the way back is still open.
    await dropKubernetes(args);
  });
  await destroyRest(args, again);
  const after = await exportState(stack);
  // A controller that was still at work, unreachable from here, may have made more while its cluster was destroyed.
  await repeatable(args, again, () => sweepBeside(args, after.deployment));
  return lookAfter(args, after);
}

const aboutCluster = ({ short, search }: DestroyArgs, cluster: Cluster | undefined): Unreachable => ({
  short,
  cluster: search.stack,
  region: search.region,
  status: cluster?.status,
  publicCidrs: cluster?.resourcesVpcConfig?.publicAccessCidrs ?? [],
});

/** Whatever is terminated from here on stays so. */
async function stopLaunches({ search, say, short }: DestroyArgs, deployment: Deployment): Promise<void> {
  const role = launchRoleOf(deployment);
  if (role !== undefined && (await denyLaunchesTo(search, role)))
    say(`denied Karpenter (role ${role}) to start instances; npm run wake -- --stack ${short} would allow it again`);
}

const sweepBeside = ({ search, say, signal, patience }: DestroyArgs, deployment: Deployment) =>
  deleteLeftovers({ search, managed: managedBy(deployment), say, signal, patience });

async function dropKubernetes({ stack, say }: DestroyArgs): Promise<void> {
  const exported = await exportState(stack);
  const { deployment } = exported;
  const remaining = withoutKubernetes(deployment);
  const dropped = (deployment.resources?.length ?? 0) - (remaining.resources?.length ?? 0);
  if (dropped === 0) return;
  await importState(stack, exported, remaining);
  say(`dropped ${dropped} Kubernetes resources from the state`);
}

/** @throws Error that also says that the command goes on from where it failed. */
async function repeatable({ signal }: DestroyArgs, again: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // What was waiting when it was interrupted says less than the interruption.
    signal?.throwIfAborted();
    throw new Error(`${messageOf(error)}\n${repeatLine(again)}`, { cause: error });
  }
}

/** Only what has something in a cluster needs one: a stack that was cut off before goes straight on. */
async function answerFor({ stack, probe }: DestroyArgs): Promise<Answer> {
  const deployment = await stateWithSecrets(stack);
  return inCluster(deployment).length === 0 ? { kind: "ready" } : probe(deployment);
}

async function demandConfirmed({ confirm }: DestroyArgs, what: string): Promise<void> {
  if (!(await confirm(what))) throw new Refusal("nothing was changed");
}

/** Whatever the state has, by the engine. @param again the command that this is part of. */
async function destroyRest({ stack, short, say, signal }: DestroyArgs, again: string): Promise<void> {
  signal?.throwIfAborted();
  const { deployment } = await exportState(stack);
  const { errors, onEvent, stop } = progress(deployment.resources?.length ?? 0, say);
  try {
    // No signal for the engine: a terminal's interrupt reaches it by itself, and a second one makes it drop its steps.
    await stack.destroy({ onEvent, color: "never" });
    // It calls a destroy that was cut off a success.
    signal?.throwIfAborted();
  } catch (error) {
    signal?.throwIfAborted();
    const told = errors.length > 0 ? errors : [messageOf(error)];
    const pending = pendingLines(pendingCreates(deployment), short);
    throw new Error(["destroy failed:", ...told, "", ...pending, ...adviceFor(told, short, again)].join("\n"));
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
  say(notLookedFor(short));
  return left.length === 0;
}

const deniedMessage = (why: string) =>
  `the cluster cannot be asked with these credentials; nothing was changed. Get others and repeat: ${why}`;
