import type { PolicyDocument, Statement } from "../../components/policy-document";

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

/** One call to AWS, with the condition keys that it comes with. */
export interface Call {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
}

const many = (value: string | readonly string[]) => (typeof value === "string" ? [value] : value);
/** IAM's wildcards: `*` for any text, `?` for one character. */
const like = (pattern: string, text: string) =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
    "s",
  ).test(text);

/** Whether every condition holds; a key that the call does not have fails it, as in IAM. */
function holds(condition: Statement["Condition"], context: Call["context"] = {}): boolean {
  return Object.entries(condition ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => {
      const given = context[key];
      if (given === undefined) return false;
      if (operator === "StringEquals" || operator === "ArnEquals" || operator === "Bool")
        return many(wanted).includes(given);
      if (operator === "StringLike") return many(wanted).some((pattern) => like(pattern, given));
      throw new Error(`the matcher does not know the operator ${operator}`);
    }),
  );
}

/** What IAM would say of a call under one document alone: a matching Deny wins, no match is a refusal too. */
export function decide({ Statement: statements }: PolicyDocument, call: Call): "allowed" | "denied" | "not allowed" {
  const matching = statements.filter(
    ({ Action, Resource, Condition }) =>
      many(Action).some((action) => like(action, call.action)) &&
      many(Resource).some((resource) => like(resource, call.resource)) &&
      holds(Condition, call.context),
  );
  if (matching.some(({ Effect }) => Effect === "Deny")) return "denied";
  return matching.length > 0 ? "allowed" : "not allowed";
}
