import { nameOf } from "./sweep-delete";
import type { OfStack } from "./sweep-list";

/*
 * What the sweep tells. Pure.
 */

const lineOf = (one: OfStack) => `  ${nameOf(one)}${one.detail === undefined ? "" : `, ${one.detail}`}`;

/** Lines about what an account holds of a stack. @param untagged log groups of the stack's names without a tag. */
export function sweepLines(stack: string, found: readonly OfStack[], untagged: readonly string[]): string[] {
  const left = found.filter(({ managed }) => !managed);
  const managed = found.filter((one) => one.managed);
  const lines = left.length === 0 ? [] : [`left over of ${stack}:`, ...left.map(lineOf)];
  if (managed.length > 0) lines.push(`managed by the stack, for \`npm run destroy\`:`, ...managed.map(lineOf));
  if (lines.length === 0) lines.push(`the account holds nothing of this stack (${stack})`);
  for (const group of untagged)
    lines.push(
      `log group ${group} has no tag, so it may be somebody else's; if it holds the late logs of this stack: ` +
        `aws logs delete-log-group --log-group-name ${group}`,
    );
  return lines;
}
