import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { at, type Props, props, type Row, type Value } from "./table";

/** What the engine puts in place of a value that is not known before the update. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Inputs that got their value from the double and not from the program. */
const DEFAULTED = "__defaults";

export interface Failure {
  readonly property: string;
  readonly reason: string;
}

export interface CheckRequest {
  readonly type: string;
  readonly name: string;
  /** The resource's URN and the engine's seed: the same update makes up the same names. */
  readonly seed: string;
  readonly old: Props;
  readonly given: Props;
  readonly defaultTags: Props;
}

/** Inputs as the provider completes them: defaults, a made-up name, the provider's default tags. */
export function completeInputs(row: Row, request: CheckRequest): { inputs: Props; failures: Failure[] } {
  const { given, old, defaultTags } = request;
  const failures = unknownInputs(row, request);
  const defaults = Object.entries(row.defaults ?? {}).filter(([key]) => given[key] === undefined);
  const name = madeUpName(row, request, failures);
  const tags = row.tags ? mergedTags(defaultTags, given.tags) : {};
  const added: Props = { ...Object.fromEntries(defaults), ...name };
  // A made-up name stays as long as the program gives none.
  const kept = Object.fromEntries(Object.keys(name).map((key) => [key, keptName(old, key) ?? name[key]]));
  const inputs = { ...given, ...added, ...kept, ...tags, [DEFAULTED]: Object.keys(added).sort() };
  return { inputs, failures };
}

function keptName(old: Props, key: string): Value {
  const defaulted = old[DEFAULTED];
  return Array.isArray(defaulted) && defaulted.includes(key) ? old[key] : undefined;
}

function unknownInputs(row: Row, { type, given }: CheckRequest): Failure[] {
  const known = new Set([
    ...row.replaces.map((path) => path.split(".")[0]),
    ...Object.keys(row.updates ?? {}),
    ...Object.keys(row.defaults ?? {}),
    ...(row.local ?? []),
    ...(row.tags ? ["tags"] : []),
    DEFAULTED,
  ]);
  return Object.keys(given)
    .filter((property) => !known.has(property))
    .map((property) => ({
      property,
      reason: `the AWS double has no row for the input "${property}" of ${type}: add it to rehearsal/doubles/aws/services`,
    }));
}

/** `name-1a2b3c4`, as Pulumi names things, or the prefix followed by 26 digits, as Terraform does. */
function madeUpName(row: Row, { name, given, seed, type }: CheckRequest, failures: Failure[]): Props {
  if (!row.autoname || given[row.autoname.field] !== undefined) return {};
  const { field, prefix, max, lower } = row.autoname;
  const hash = createHash("sha256").update(seed).digest("hex");
  const start = prefix === undefined ? undefined : given[prefix];
  const made = start === undefined ? `${name}-${hash.slice(0, 7)}` : `${start}${hash.slice(0, 26)}`;
  if (made.length > max) {
    const reason = `the name "${made}" made up for ${type} has ${made.length} characters, AWS allows ${max}: shorten the resource's name or set "${field}"`;
    failures.push({ property: field, reason });
  }
  return { [field]: lower ? made.toLowerCase() : made };
}

function mergedTags(defaults: Props, own: Value): Props {
  if (own === UNKNOWN) return { tags: UNKNOWN };
  const tags = { ...defaults, ...props(own) };
  return Object.keys(tags).length > 0 ? { tags } : {};
}

/** Inputs that differ; what is not known yet counts as different. */
export function changedInputs(old: Props, now: Props): string[] {
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((key) => key !== DEFAULTED && !same(old[key], now[key]))
    .sort();
}

function same(old: Value, now: Value): boolean {
  return isDeepStrictEqual(old, now) && !JSON.stringify(now ?? null).includes(UNKNOWN);
}

export interface Difference {
  readonly changed: string[];
  readonly replaces: string[];
  /** The old one has a name of its own that the new one takes over, so it must go first. */
  readonly deleteFirst: boolean;
}

export function difference(row: Row, old: Props, now: Props): Difference {
  const replaces = row.replaces.filter((path) => !same(at(old, path), at(now, path)));
  const name = row.autoname?.field;
  const ownName = name !== undefined && keptName(now, name) === undefined && same(old[name], now[name]);
  return {
    changed: changedInputs(old, now),
    replaces: [...new Set(replaces.map((path) => path.split(".")[0] ?? path))],
    deleteFirst: ownName,
  };
}
