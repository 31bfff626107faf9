import type { Deployment } from "./destroy-state";
import { hasCluster, managedBy } from "./destroy-state";
import type { Search } from "./sweep-account";
import { deleteLeftovers, type Patience } from "./sweep-delete";
import { alsoTagged, isKey } from "./sweep-index";
import { listStack, type OfStack, untaggedLogGroups } from "./sweep-list";
import { alsoTaggedLines, sweepLines } from "./sweep-table";

/*
 * What `npm run sweep` does, with the account and the state that it is given.
 */

export interface SweepArgs {
  readonly search: Search;
  /** State of the stack; empty where there is no such stack any more. */
  readonly deployment: Deployment;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
  readonly patience?: Patience;
}

/** It is not done, and nothing was changed. */
export class Refusal extends Error {}

/** Of a cluster that another state may have made. */
export const foreignCluster = ({ stack, region }: Search): Refusal =>
  new Refusal(
    `EKS cluster ${stack} is there and not in the state, so its nodes may be at work; nothing was changed. If nobody uses it: ` +
      `aws eks delete-cluster --name ${stack} --region ${region}, after delete-nodegroup for its node groups, and repeat`,
  );

const isLeft = ({ managed }: OfStack) => !managed;

/** Tells what the account holds. @returns what of it is left over. */
export async function listCommand({ search, deployment, say }: SweepArgs): Promise<OfStack[]> {
  const found = await listStack(search, managedBy(deployment));
  for (const line of sweepLines(search.stack, found, await untaggedLogGroups(search))) say(line);
  return found.filter(isLeft);
}

/** Tells what else carries the stack's tag. @returns whether something of it is there that is in no state. */
export async function alsoCommand({ search, deployment, say }: SweepArgs): Promise<boolean> {
  const arns = await alsoTagged(search, managedBy(deployment));
  for (const line of alsoTaggedLines(search, arns)) say(line);
  return arns?.some((arn) => !isKey(arn)) ?? false;
}

/**
 * Deletes what is left over and tells what remains.
 * @param confirm whether a person wants it, who was shown the list. @throws Refusal while the stack has its cluster.
 */
export async function deleteCommand(args: SweepArgs, confirm: () => Promise<boolean>): Promise<OfStack[]> {
  const { search, deployment, say, signal, patience } = args;
  if (hasCluster(deployment))
    throw new Refusal(
      `the state of ${search.stack} still has its cluster, whose controllers use what they made; nothing was deleted. ` +
        "Run npm run destroy first, and npm run sweep after it",
    );
  const left = await listCommand(args);
  if (left.some(({ kind }) => kind.remove === undefined)) throw foreignCluster(search);
  if (left.length === 0) return left;
  if (!(await confirm())) throw new Refusal("nothing was deleted");
  await deleteLeftovers({ search, managed: managedBy(deployment), say, signal, patience });
  return listCommand(args);
}
