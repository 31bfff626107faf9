import { expect, vi } from "vitest";
import { STACK_TAG } from "../../guard/tags";
import { type AwsStage, startStage, WHERE } from "./aws-stage";
import { type GuardedStack, guardedStack, instanceStates, STEADY } from "./guard-account";

/*
 * An account that enforces IAM, with stacks of which one is guarded and another, and somebody else's instance, stand by.
 */

export interface GuardStage {
  readonly on: AwsStage;
  readonly other: GuardedStack;
  readonly bystanders: readonly string[];
  /** A stack with instances that have GPUs, elastic and steady, and a system node. */
  readonly inhabited: (short: string) => Promise<Inhabited>;
  readonly states: (ids: readonly string[]) => Promise<(string | undefined)[]>;
  readonly bystandersUntouched: (system: string) => Promise<void>;
}

export interface Inhabited extends GuardedStack {
  readonly gpus: readonly string[];
  readonly system: string;
}

export async function startGuardStage(): Promise<GuardStage> {
  // The function's log; what it says is in the messages, too.
  vi.spyOn(console, "log").mockImplementation(() => {});
  const on = await startStage();
  await on.aws.account.own("EnforceIam", { on: true }, WHERE.region);
  const other = await guardedStack(on, "other");
  const bystanders = [
    await other.elastic(),
    await other.steady(),
    await other.start("m7i.large", { Name: "somebody else" }),
  ];
  const states = async (ids: readonly string[]) => {
    const all = await instanceStates(on);
    return ids.map((id) => all[id]);
  };
  return {
    on,
    other,
    bystanders,
    states,
    inhabited: async (short) => {
      const stack = await guardedStack(on, short);
      const gpus = [await stack.elastic(), await stack.elastic("p5.48xlarge"), await stack.steady()];
      const tags = { [STACK_TAG]: stack.settings.stack, "karpenter.sh/nodepool": "x" };
      return { ...stack, gpus, system: await stack.start("m7i.large", tags) };
    },
    bystandersUntouched: async (system) => {
      expect(await states([system, ...bystanders])).toEqual(["running", "running", "running", "running"]);
      expect(await other.sizes()).toEqual({ gpu: STEADY, system: STEADY });
      expect(await other.policies()).toEqual(["own"]);
      expect(await other.state()).toEqual({});
      expect(await other.told()).toEqual([]);
    },
  };
}
