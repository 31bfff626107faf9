import { KINDS } from "./kinds";

/** A fault as the command line names it. */
export interface Fault {
  readonly kind: string;
  /** Empty where none is given. */
  readonly value: string;
}

/** @returns the fault, or what is wrong with it. */
export function parseFault(written: string): Fault | string {
  const at = written.indexOf("=");
  const kind = at < 0 ? written : written.slice(0, at);
  const value = at < 0 ? "" : written.slice(at + 1);
  const known = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (known === undefined) return `there is no fault ${kind}; --fault can be: ${Object.keys(KINDS).join(", ")}`;
  const wrong = known.fault(value);
  return wrong === undefined ? { kind, value } : `--fault ${written}: ${kind} ${wrong}`;
}

/** One line of help for each kind. */
export const faultHelp = (): string[] =>
  Object.entries(KINDS).map(([kind, { value, what }]) => {
    const written =
      value === undefined ? kind : value.startsWith("[") ? `${kind}[=${value.slice(1)}` : `${kind}=${value}`;
    return `    ${written}\n                     ${what}`;
  });
