import { LocalWorkspace } from "@pulumi/pulumi/automation";
import { PROJECT_ROOT } from "../stacks/stack-file";
import { kubeConfigOf } from "./connection";
import { askGuard, type Invoke, invoker } from "./guard-call";
import { UsageError } from "./key-options";
import { stackAccount } from "./stack-account";
import { shortName } from "./stack-name";
import { clusterReader } from "./why-cluster";
import type { Asking, GuardFact, StackModel } from "./why-facts";

/*
 * Whom `npm run why` asks for a stack.
 */

/** Milliseconds. A guard at work answers in a second or two; the paragraph does without it rather than late. */
const GUARD_PATIENCE = 20_000;

export async function askingOf(stackName: string | undefined): Promise<Asking> {
  const workspace = await LocalWorkspace.create({ workDir: PROJECT_ROOT });
  const name = stackName ?? (await workspace.stack())?.name;
  if (name === undefined) throw new UsageError(["no stack is selected; name one with --stack NAME"]);
  const outputs = await workspace.stackOutputs(name);
  const models = (outputs.models?.value ?? {}) as Readonly<Record<string, StackModel>>;
  const short = shortName(name);
  // An adopted cluster has neither a kubeconfig among the outputs nor a guard.
  const adopted = outputs.kubeconfig === undefined;
  return {
    reader: clusterReader(await kubeConfigOf(name)),
    stack: short,
    models,
    ...(adopted ? {} : { region: regionOf(short), askGuard: () => guardOf(short) }),
  };
}

function regionOf(short: string): string | undefined {
  try {
    return stackAccount(short).aws.region;
  } catch {
    // Only the commands that are proposed miss it.
    return undefined;
  }
}

/** What the guard says of GPUs. @throws Error where it cannot be asked in time. */
export async function guardOf(short: string, invoke?: Invoke, patience = GUARD_PATIENCE): Promise<GuardFact> {
  const account = stackAccount(short);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the spend guard did not answer within ${patience / 1000} s`)), patience);
  });
  try {
    const { off } = await Promise.race([askGuard(account, { action: "status" }, invoke ?? invoker(account)), late]);
    return { gpusOff: off !== undefined, since: off?.since, because: off?.detail };
  } finally {
    clearTimeout(timer);
  }
}
