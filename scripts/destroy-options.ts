import { parseStackFlags } from "./sweep-options";

/*
 * The command line of `npm run destroy`. Pure.
 */

export const DESTROY_USAGE = `Usage: npm run destroy -- --stack NAME [--cluster-gone] [--yes]

Destroys a stack: looks whether its cluster answers, lets Pulumi delete everything in order, and lists what the cluster's
controllers left of it. It can be cut off and repeated at any point.

  --cluster-gone  for a cluster that does not answer any more: lists what the account holds, asks, backs the state up into
                  this folder, denies Karpenter further launches, ends the stack's instances, removes what the cluster's
                  controllers left, drops the Kubernetes resources from the state and destroys the rest; refused while the
                  cluster answers
  --yes           does not ask for confirmation
  --stack NAME    the stack, as for pulumi
  --help          this text

Ends with 0 where nothing is left, with 1 where something is or it failed, with 2 for a wrong command line or a refusal.`;

export type DestroyOptions =
  | { readonly command: "help" }
  | { readonly command: "destroy" | "cluster-gone"; readonly stack: string; readonly yes: boolean };

/** @throws UsageError with every fault. */
export function parseDestroyOptions(argv: readonly string[]): DestroyOptions {
  const given = parseStackFlags(argv, ["cluster-gone", "yes"]);
  if (given === "help") return { command: "help" };
  const { stack, flags } = given;
  return { command: flags.has("cluster-gone") ? "cluster-gone" : "destroy", stack, yes: flags.has("yes") };
}
