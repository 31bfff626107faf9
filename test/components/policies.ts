import type { PolicyDocument } from "../../components/karpenter-policies";

/** Each statement's actions, by its Sid. */
export const actionsOf = (policy: PolicyDocument) =>
  Object.fromEntries(policy.Statement.map(({ Sid, Action }) => [Sid, [...Action]]));

const READS = /:(Describe|Get|List|Receive)/;

/** Statements that allow too much: every action, or a change of anything anywhere. */
export function tooWide(policy: PolicyDocument): string[] {
  return policy.Statement.filter(
    ({ Effect, Action, Resource, Condition }) =>
      Effect === "Allow" &&
      (Action.some((action) => action.includes("*")) ||
        (Action.some((action) => !READS.test(action)) && Resource === "*" && Condition === undefined)),
  ).map(({ Sid }) => Sid);
}

/** Sids of statements with a change that no condition binds. */
export const unconditioned = (policy: PolicyDocument): string[] =>
  policy.Statement.filter(
    ({ Effect, Action, Condition }) =>
      Effect === "Allow" && Condition === undefined && Action.some((action) => !READS.test(action)),
  ).map(({ Sid }) => Sid);
