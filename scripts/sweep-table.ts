import type { Search } from "./sweep-account";
import { nameOf } from "./sweep-delete";
import { INDEX_ACTION } from "./sweep-index";
import type { OfStack } from "./sweep-list";

/*
 * What the sweep tells. Pure.
 */

const lineOf = (one: OfStack) => `  ${nameOf(one)}${one.detail === undefined ? "" : `, ${one.detail}`}`;

/** What controllers of a cluster make, which is what is looked for. */
const LOOKED_FOR = "instances, load balancers, network interfaces, security groups, volumes, logs";

/** Lines about what an account holds of a stack. @param untagged log groups of the stack's names without a tag. */
export function sweepLines(stack: string, found: readonly OfStack[], untagged: readonly string[]): string[] {
  const left = found.filter(({ managed }) => !managed);
  const managed = found.filter((one) => one.managed);
  const lines = left.length === 0 ? [] : [`left over of ${stack}:`, ...left.map(lineOf)];
  if (managed.length > 0) lines.push(`managed by the stack, for \`npm run destroy\`:`, ...managed.map(lineOf));
  // No more than what was looked at: a network, a database or a key of the stack is of no kind that is swept.
  if (lines.length === 0)
    lines.push(`the account holds nothing of this stack (${stack}) that controllers leave: ${LOOKED_FOR}`);
  for (const group of untagged)
    lines.push(
      `log group ${group} has no tag, so it may be somebody else's; if it holds the late logs of this stack: ` +
        `aws logs delete-log-group --log-group-name ${group}`,
    );
  return lines;
}

/** What Pulumi makes and no kind that is swept is. */
const PULUMIS = "network, NAT gateways, database, buckets, keys, alarms";

/** After Pulumi has destroyed what its state had. @param short the stack, as for pulumi. */
export const notLookedFor = (short: string): string =>
  `what else Pulumi made (${PULUMIS}) is gone as far as its state knew, and was not looked for: ` +
  `npm run sweep -- --stack ${short} asks AWS's index of tags`;

/**
 * Lines about what carries the stack's tag and is neither swept nor in the state.
 * @param arns undefined where these credentials may not ask.
 */
export function alsoTaggedLines(
  { stack, region }: Pick<Search, "stack" | "region">,
  arns?: readonly string[],
): string[] {
  if (arns === undefined)
    return [`what Pulumi makes (${PULUMIS}) was not looked for: these credentials lack the permission ${INDEX_ACTION}`];
  if (arns.length === 0) return [`nothing else in ${region} carries the tag of ${stack}`];
  return [
    ...arns.map((arn) => `  also tagged: ${arn}, not deleted by sweep: aws console, or pulumi`),
    "AWS's index of tags may name what was deleted for hours, and a key until the end of its waiting period",
  ];
}
