import type { Seen } from "./play";
import { FAULTS, type Fix, type Group } from "./table";

/*
 * docs/faults.md, from the record of a run of all rows.
 */

/** What a user types for each. */
export const FIX_TEXTS: Readonly<Record<Fix, string>> = {
  cancel: "`pulumi cancel`",
  clear: "`pulumi refresh --clear-pending-creates`",
  orphan: "delete by hand what `pulumi stack export` lists as pending and is there",
  replace: "`pulumi up --replace URN` of the failed group",
  refresh: "`pulumi up --refresh`",
  restore: "`pulumi up --refresh`",
  sweep: "`npm run sweep -- --stack dev --delete`",
};

const GROUPS: readonly Group[] = [...new Set(FAULTS.map(({ group }) => group))];

const INTRODUCTION = `# Faults

What goes wrong, what is said, and what to do then. Each row was played on the rehearsal's stage, with its stack of one elastic
and one steady GPU pool: \`up\` from nothing with the fault, what the table says, \`up\` again until nothing is left to do, then the
same with \`destroy\`. After each row state, Kubernetes API and account held nothing. \`npm run rehearse -- --faults\` plays all of
them, \`npm run rehearse -- --fault capacity=p5\` one; \`--help\` lists the kinds.

What Pulumi's engine and helm say are their own words. What AWS and the providers say comes from the doubles, which are worded
after the originals and begin with the step and the API call; ids are left out. Waits are shortened: retries 60 times, and an
object that nobody releases is given up after 3 seconds instead of ten minutes and more. No fault was tried on AWS itself.

A failed node group is there, and the same \`up\` again reports success without repairing it: replace it, as its row says.
After a failure without a fix of its own the same command again is enough.
`;

/** The whole page. */
export function faultsDocument(seen: readonly Seen[]): string {
  const sections = GROUPS.map((group) => {
    const rows = FAULTS.filter((row) => row.group === group).map(({ fault }) => {
      const cell = (phase: Seen["phase"]) => cellText(seen.find((one) => one.fault === fault && one.phase === phase));
      return `| \`${fault}\` | ${cell("up")} | ${cell("destroy")} |`;
    });
    return [`## ${titled(group)}`, "", "| fault | `up` | `destroy` |", "|---|---|---|", ...rows, ""].join("\n");
  });
  return [INTRODUCTION, ...sections].join("\n");
}

function cellText(seen: Seen | undefined): string {
  if (seen === undefined) return "not played";
  const fixes = seen.fixes.map((fix) => FIX_TEXTS[fix]).join(", then ");
  const then = fixes === "" ? "" : ` Then ${fixes}.`;
  return seen.said === "" ? `succeeds.${then}` : `\`${escaped(seen.said)}\`${then}`;
}

/** In a table cell a bar would end it, and a quoted command the quotation. */
const escaped = (text: string) => text.replaceAll("|", "\\|").replaceAll("`", "'");
const titled = (group: string) => group.charAt(0).toUpperCase() + group.slice(1);
