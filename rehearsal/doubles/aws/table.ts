/** What the rows of the AWS double look like: one row per Pulumi resource type, every field a plain function of its inputs. */

export type Value = string | number | boolean | null | undefined | readonly Value[] | Props;
export interface Props {
  readonly [key: string]: Value;
}

/** One call of an AWS API, by the names of AWS's own service model. */
export interface Call {
  readonly service: string;
  readonly operation: string;
  readonly params: Props;
}

/** Where a resource lives, from the configuration of its provider and the stage. */
export interface Where {
  readonly region: string;
  readonly account: string;
  readonly partition: string;
  /** URL of the rehearsal's Kubernetes API, which plays the EKS control plane. */
  readonly apiServer: string;
  /** Its certificate authority: a PEM file in base64, as EKS gives it. */
  readonly caData: string;
}

/** A change of a resource that stays. */
export interface Change {
  readonly id: string;
  readonly old: Props;
  readonly now: Props;
  /** All outputs before the change. */
  readonly state: Props;
}

export interface Sweep {
  /** Only if this input is true, where one is named. */
  readonly when?: string;
  readonly list: (id: string, state: Props) => Call;
  readonly each: (answer: Props, id: string, state: Props) => readonly Call[];
}

export interface Row {
  /** The input that gets a made-up name when it and its prefix twin are missing, and what AWS allows in it. */
  readonly autoname?: { readonly field: string; readonly prefix?: string; readonly max: number; readonly lower?: true };
  /** Inputs with the value the provider fills in when they are missing. */
  readonly defaults?: Props;
  /** Inputs (or dotted parts of them) that are fixed at creation: a change makes a new resource. */
  readonly replaces: readonly string[];
  /** Inputs that can change, with the calls that change them; the same function twice is called once. */
  readonly updates?: { readonly [input: string]: (change: Change, where: Where) => readonly Call[] };
  /** Inputs that steer the provider itself and never reach AWS. */
  readonly local?: readonly string[];
  /** How tags change later; a row without it has no tags. */
  readonly tags?: Tagging;
  /** Outputs that an update of anything but tags may change: unknown in its preview. */
  readonly volatile?: readonly string[];
  /** Dotted parts of structures that AWS fills in: unknown in the preview of a creation. */
  readonly filledIn?: readonly string[];
  /** What has to be looked up before the creating call can be written. */
  readonly ask?: (inputs: Props, where: Where) => readonly Call[];
  readonly create: (inputs: Props, where: Where, asked: readonly Props[]) => Call;
  readonly id: (answer: Props, inputs: Props, where: Where) => string;
  /** The calls that finish what the first began, and those that read what it made. */
  readonly finish?: (id: string, inputs: Props, where: Where) => readonly Call[];
  /** Outputs beyond the inputs; `answers` are those of `create` and then of `finish`, in order. */
  readonly outs?: (id: string, inputs: Props, answers: readonly Props[], where: Where) => Props;
  /** Asked once it is made: what is wrong with it, where AWS could not finish it by itself. It stays then, half made. */
  readonly settled?: {
    readonly ask: (id: string, inputs: Props) => Call;
    readonly fault: (answer: Props, id: string) => string | undefined;
  };
  /** A call that fails with a NotFound code, or whose answer is not `alive`, once the resource is gone. */
  readonly exists: (id: string, state: Props, where: Where) => Call;
  readonly alive?: (answer: Props) => boolean;
  /** Outputs that AWS decides, read from the answer of `exists` after an update and at a refresh. */
  readonly seen?: (answer: Props, state: Props) => Props;
  /** Listed and removed before the resource itself. */
  readonly sweep?: Sweep | readonly Sweep[];
  readonly remove: (id: string, state: Props, where: Where) => readonly Call[];
}

export interface Tagging {
  readonly set: (id: string, state: Props, tags: Props) => Call;
  readonly unset: (id: string, state: Props, keys: readonly string[]) => Call;
}

export type Table = { readonly [type: string]: Row };

/** A call of a service, with the parameters that are not set left out. */
export function service(name: string): (operation: string, params: Props) => Call {
  return (operation, params) => ({ service: name, operation, params: clean(params) });
}

/** Without members that are undefined, null or empty structures, at every depth: AWS takes "not set" only as absence. */
export function clean(props: Props): Props {
  const kept = Object.entries(props)
    .map(([key, value]) => [key, cleanValue(value)] as const)
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept);
}

function cleanValue(value: Value): Value {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) return value.map(cleanValue).filter((item) => item !== undefined);
  return isProps(value) ? clean(value) : value;
}

export function isProps(value: Value): value is Props {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The structure at a place, empty when it is not set. */
export function props(value: Value): Props {
  return isProps(value) ? value : {};
}

export function list(value: Value): readonly Value[] {
  return Array.isArray(value) ? value : [];
}

/** The structures of a list. */
export function items(value: Value): readonly Props[] {
  return list(value).map(props);
}

/** The value at a dotted path, with numbers for places in lists. */
export function at(value: Value, path: string): Value {
  return path.split(".").reduce<Value>((inner, key) => {
    if (Array.isArray(inner)) return inner[Number(key)] as Value;
    return props(inner)[key];
  }, value);
}

/** The text at a dotted path; empty when there is none. */
export function text(value: Value, path: string): string {
  const found = at(value, path);
  return found === undefined || found === null ? "" : String(found);
}

/** Pulumi's camelCase keys as the PascalCase of AWS's older APIs, at every depth. `names` has the exceptions. */
export function pascal(value: Value, names: { readonly [key: string]: string } = {}): Value {
  if (Array.isArray(value)) return value.map((item) => pascal(item, names));
  if (!isProps(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      names[key] ?? `${key.charAt(0).toUpperCase()}${key.slice(1)}`,
      pascal(inner, names),
    ]),
  );
}

/** Tags as the list of pairs that most of AWS's older APIs take. */
export function pairs(tags: Value, key = "Key", value = "Value"): readonly Props[] {
  return Object.entries(props(tags)).map(([name, content]) => ({ [key]: name, [value]: content }));
}
