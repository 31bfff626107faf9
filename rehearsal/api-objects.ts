import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";

const run = promisify(execFile);

/** What the API server itself writes as it runs. */
const ITS_OWN = new Set(["events", "events.events.k8s.io", "leases.coordination.k8s.io", "componentstatuses"]);
/** Label of the entry that the API server makes, and takes back, for each version of a group, a CRD's among them. */
const AUTOMATIC = "kube-aggregator.kubernetes.io/automanaged";
/** One of them lists all objects of the cluster at the kinds' own request. */
const MAX_OUTPUT_BYTES = 256 * 2 ** 20;

interface ApiObject {
  readonly kind: string;
  readonly type?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
}

/** Everything in a Kubernetes API, as kubectl sees it. */
export class ApiObjects {
  constructor(
    private readonly kubectl: string,
    private readonly kubeconfig: string,
  ) {}

  private async ask(...args: string[]): Promise<string> {
    // Its cache stays with the run, out of the user's home.
    const cache = join(dirname(this.kubeconfig), "kubectl");
    const flags = ["--kubeconfig", this.kubeconfig, "--cache-dir", cache];
    const { stdout } = await run(this.kubectl, [...flags, ...args], { maxBuffer: MAX_OUTPUT_BYTES });
    return stdout;
  }

  private async kinds(): Promise<string[]> {
    const names = await this.ask("api-resources", "--verbs=list", "-o", "name");
    return names.split("\n").filter((name) => name !== "" && !ITS_OWN.has(name));
  }

  /** Every object there is, by `kind namespace/name`, but for what the API server itself keeps. */
  async names(): Promise<string[]> {
    const objects = await this.list(await this.kinds());
    const made = objects.filter(({ metadata }) => metadata.labels?.[AUTOMATIC] === undefined);
    return made.map(
      ({ kind, metadata }) =>
        `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`,
    );
  }

  private async list(kinds: readonly string[]): Promise<ApiObject[]> {
    const text = await this.ask("get", kinds.join(","), "--all-namespaces", "--ignore-not-found", "-o", "json");
    return text.trim() === "" ? [] : JSON.parse(text).items;
  }

  /** The values of Secrets that the program made, by `namespace/name/key`; not Helm's records. */
  async secretValues(): Promise<Record<string, string>> {
    const values: Record<string, string> = {};
    for (const { type, metadata, data = {} } of await this.list(["secrets"]))
      if (type === "Opaque")
        for (const [key, value] of Object.entries(data))
          Object.assign(
            values,
            secretsIn(`${metadata.namespace}/${metadata.name}/${key}`, Buffer.from(value, "base64").toString()),
          );
    return values;
  }

  /** Writes what must not hold a secret to `dir`: every object but Secrets, and the manifests in Helm's records. */
  async dump(dir: string): Promise<void> {
    mkdirSync(dir, { recursive: true });
    const kinds = (await this.kinds()).filter((kind) => kind !== "secrets");
    writeFileSync(join(dir, "objects.json"), JSON.stringify(await this.list(kinds)));
    for (const { type, metadata, data = {} } of await this.list(["secrets"]))
      if (type === "helm.sh/release.v1" && data.release !== undefined)
        writeFileSync(join(dir, `helm-${metadata.namespace}-${metadata.name}.json`), helmRecord(data.release));
  }
}

/** Helm keeps a release as JSON, zipped, in base64, and a Secret adds base64 of its own. */
function helmRecord(value: string): Buffer {
  return gunzipSync(Buffer.from(Buffer.from(value, "base64").toString(), "base64"));
}

/** What is secret in the value of a Secret: the texts of a JSON object, the password of an address, a key without its prefix. */
export function secretsIn(name: string, value: string): Record<string, string> {
  if (value.startsWith("{"))
    return Object.fromEntries(
      Object.entries(JSON.parse(value)).flatMap(([key, inner]) =>
        Object.entries(secretsIn(`${name}/${key}`, String(inner))),
      ),
    );
  if (URL.canParse(value)) {
    const { password } = new URL(value);
    return password === "" ? {} : { [name]: decodeURIComponent(password) };
  }
  return { [name]: value.replace(/^sk-/, "") };
}
