import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ConfigError } from "../components/errors";
import { didYouMean } from "../planner/near-name";
import { isRecord } from "../planner/record";
import { DOCUMENTATION_RANGES } from "./config-ranges";

/** A stack file: plain settings, and `{secure: …}` where one is encrypted. */
export interface StackFile {
  config: Record<string, unknown>;
}

/** Whether a setting is encrypted: only Pulumi reads it then. */
export const isEncrypted = (value: unknown): boolean => isRecord(value) && "secure" in value;

export const PROJECT_ROOT = join(__dirname, "..");

/** Names of the stack files in the checkout. */
export function stackNames(root = PROJECT_ROOT): string[] {
  return readdirSync(join(root, "stacks")).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
}

/** What a command says of a stack without a file. */
export const noSuchStack = (name: string, known: readonly string[]): string =>
  `there is no stack file stacks/Pulumi.${name}.yaml; --stack can be: ${known.join(", ")}${didYouMean(name, known)}`;

/** Stands in for the addresses of one's own machines: for measurements between networks (RFC 2544), so nobody's. */
const OWN_RANGE = "198.18.0.0/24";
/** What Pulumi itself has in a stack file. Source: pulumi/pulumi, sdk/go/common/workspace, ProjectStack. */
const PULUMIS_OWN = ["config", "environment", "secretsprovider", "encryptedkey", "encryptionsalt"];

/** @throws ConfigError that names the file, where it is no YAML, has no settings, or something beside them. */
function parseStackFile(name: string, text: string): StackFile {
  const path = `stacks/Pulumi.${name}.yaml`;
  const fault = (message: string, at = path) => new ConfigError([{ path: at, message }]);
  let file: unknown;
  try {
    file = parse(text);
  } catch (error) {
    throw fault(error instanceof Error ? error.message : String(error));
  }
  if (!isRecord(file) || !isRecord(file.config))
    throw fault("has no settings; it needs `config:` with the settings of docs/configuration.md below it");
  const stray = Object.keys(file).filter((key) => !PULUMIS_OWN.includes(key));
  if (stray.length > 0)
    throw new ConfigError(
      stray.map((key) => ({ path: key, message: `stands beside config: in ${path}; move it below config:` })),
    );
  return { config: file.config };
}

const isExample = (range: unknown): range is string =>
  DOCUMENTATION_RANGES.some((documentation) => documentation === range);

const read = (name: string, root: string): StackFile =>
  parseStackFile(name, readFileSync(join(root, "stacks", `Pulumi.${name}.yaml`), "utf8"));

/** The part of a stack file that holds the addresses of the user's own machines, where it is written as it should be. */
function apiAccessOf({ config }: StackFile): { cidrs: unknown[] } | undefined {
  const cluster = config["pilotlight:cluster"];
  const access = isRecord(cluster) ? cluster.apiAccess : undefined;
  return isRecord(access) && Array.isArray(access.cidrs) ? (access as { cidrs: unknown[] }) : undefined;
}

/**
 * A stack file as rehearsal and plan take it. The stack files of the checkout name a documentation range where a user has to
 * put the addresses of their own machines, and the program refuses it there: it is filled in, so that every file can be tried.
 */
export function readStackFile(name: string, root = PROJECT_ROOT): StackFile {
  const file = read(name, root);
  const access = apiAccessOf(file);
  if (access !== undefined) access.cidrs = access.cidrs.map((range) => (isExample(range) ? OWN_RANGE : range));
  return file;
}

/** Where a stack file still has what `readStackFile` fills in, by path. */
export function examplesIn(name: string, root = PROJECT_ROOT): { readonly path: string; readonly range: string }[] {
  const cidrs = apiAccessOf(read(name, root))?.cidrs ?? [];
  return cidrs.flatMap((range, at) => (isExample(range) ? { path: `cluster.apiAccess.cidrs[${at}]`, range } : []));
}
