import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { isProps, type Props } from "../aws/table";
import type { ApiServer } from "./api";

/** A rendered manifest can be large; kube-prometheus-stack's is 5 MB. */
const MAX_OUTPUT_BYTES = 128 * 2 ** 20;

/** What helm said when it refused. */
export class HelmError extends Error {
  constructor(
    readonly timedOut: boolean,
    message: string,
  ) {
    super(message);
  }
}

export interface HelmArgs {
  readonly binary: string;
  readonly server: ApiServer;
  /** Folder of this run, for helm's own files and for values while they are passed. */
  readonly dir: string;
}

/** The real helm, against the stage's API server. */
export class Helm {
  private readonly binary: string;
  private readonly dir: string;
  private readonly kubeconfig: string;

  constructor({ binary, server, dir }: HelmArgs) {
    this.binary = binary;
    this.dir = join(dir, "helm");
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    // In a file, because other users of the machine can read a command line.
    this.kubeconfig = join(this.dir, "kubeconfig");
    writeFileSync(this.kubeconfig, kubeconfig(server), { mode: 0o600 });
  }

  run(args: readonly string[], timeoutMs = 0): Promise<string> {
    const { PATH, HOME, HTTP_PROXY, HTTPS_PROXY, NO_PROXY, http_proxy, https_proxy, no_proxy } = process.env;
    const proxies = { HTTP_PROXY, HTTPS_PROXY, NO_PROXY, http_proxy, https_proxy, no_proxy };
    const folders = Object.fromEntries(
      ["CACHE", "CONFIG", "DATA"].map((what) => [`HELM_${what}_HOME`, join(this.dir, what.toLowerCase())]),
    );
    const env = { PATH, HOME, ...proxies, ...folders, KUBECONFIG: this.kubeconfig };
    return new Promise((resolve, reject) => {
      const options = { env, timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES, cwd: this.dir };
      execFile(this.binary, [...args], options, (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        const said = stderr.trim().replace(/^Error: /, "") || error.message;
        reject(new HelmError(error.killed === true, `helm ${args[0]}: ${said}`));
      });
    });
  }

  /** With the values in a file that only this user can read, and that is gone afterwards. */
  async withValues<T>(values: Props, work: (file: string) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(this.dir, "values-"));
    const file = join(folder, "values.json");
    try {
      writeFileSync(file, JSON.stringify(values), { mode: 0o600 });
      return await work(file);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

function kubeconfig({ url, caData, token }: ApiServer): string {
  const name = "rehearsal";
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server: url, "certificate-authority-data": caData } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    users: [{ name, user: { token } }],
  });
}

/** The objects of a file of YAML documents; lists are taken apart. */
export function objectsIn(manifest: string): Props[] {
  return parseAllDocuments(manifest).flatMap((document) => {
    if ("errors" in document && document.errors.length > 0) throw new Error(String(document.errors[0]));
    const object: unknown = document.toJS();
    if (!isProps(object as Props)) return [];
    const found = object as Props;
    const isList = String(found.kind).endsWith("List") && Array.isArray(found.items);
    return isList ? (found.items as readonly Props[]) : [found];
  });
}
