import { isProps, list, type Props, type Value } from "./aws/table";

/*
 * Secrets as Pulumi's protocol carries them: a value wrapped in an object with a signature. A double sees plain values; what
 * it answers is marked again before it leaves.
 */

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

function isSecret(value: Value): boolean {
  return isProps(value) && value[SIGNATURE] === SECRET;
}

const secret = (value: Value): Props => ({ [SIGNATURE]: SECRET, value });

/** The value without its marks, at every depth. */
export function reveal(value: Value): Value {
  if (Array.isArray(value)) return list(value).map(reveal);
  if (!isProps(value)) return value;
  if (isSecret(value)) return reveal(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, reveal(inner as Value)]));
}

function holdsSecret(value: Value): boolean {
  if (Array.isArray(value)) return list(value).some(holdsSecret);
  return isProps(value) && (isSecret(value) || Object.values(value).some(holdsSecret));
}

/**
 * `outs` with marks wherever `ins` has them under the same keys. A list with a secret in it becomes secret as a whole, as
 * its order may change on the way: the rule by which the engine itself marks for providers that know no secrets.
 */
export function markLike(outs: Props, ins: Props): Props {
  const marked = Object.entries(outs).map(([key, value]) => {
    const given = ins[key];
    if (isSecret(value)) return [key, value];
    if (isProps(value) && isProps(given) && !isSecret(given)) return [key, markLike(value, given)];
    return [key, holdsSecret(given) && value !== undefined && value !== null ? secret(value) : value];
  });
  return Object.fromEntries(marked);
}
