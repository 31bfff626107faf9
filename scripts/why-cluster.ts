import { type RequestOptions, request } from "node:https";
import type { KubeConfig } from "./gateway-pod";

/*
 * Reads the cluster's API as it answers, with the kubeconfig's own credentials: `npm run why` only looks, and wants what a
 * custom resource says as much as what a pod says.
 */

/** Of one answer, in milliseconds. A cluster that is gone would otherwise keep a terminal for minutes. */
const PATIENCE_MS = 15_000;

/** The cluster answers nothing at all, so there is nothing to explain. */
export class ClusterUnreachable extends Error {}

/** The cluster answers, but not this. */
export class NotRead extends Error {
  constructor(
    readonly path: string,
    readonly status: number,
    body: string,
  ) {
    super(`${path.replace(/\?.*/, "")}: ${REASONS[status] ?? `HTTP ${status}: ${body.slice(0, 200).trim()}`}`);
  }
}

const REASONS: Readonly<Record<number, string>> = {
  401: "the cluster does not know these credentials",
  403: "your access to the cluster does not let you read it",
  404: "there is none",
  503: "it does not answer",
};

export interface ClusterReader {
  /** @throws NotRead, ClusterUnreachable */
  text(path: string): Promise<string>;
  /** @throws NotRead, ClusterUnreachable */
  items<T>(path: string): Promise<readonly T[]>;
}

export function clusterReader(config: KubeConfig): ClusterReader {
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new ClusterUnreachable("the kubeconfig names no cluster");
  const text = async (path: string): Promise<string> => {
    const options: RequestOptions = {};
    // An exec plugin, such as `aws eks get-token`, is asked for credentials here.
    await config.applyToHTTPSOptions(options as Parameters<KubeConfig["applyToHTTPSOptions"]>[0]);
    const { status, body } = await get(new URL(server.replace(/\/$/, "") + path), options).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new ClusterUnreachable(`the cluster at ${server} does not answer: ${why}`);
    });
    if (status !== 200) throw new NotRead(path, status, body);
    return body;
  };
  return {
    text,
    items: async <T>(path: string) => (JSON.parse(await text(path)) as { items?: T[] }).items ?? [],
  };
}

const get = (url: URL, options: RequestOptions) =>
  new Promise<{ status: number; body: string }>((resolve, reject) => {
    const asked = request(url, { ...options, method: "GET", timeout: PATIENCE_MS }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    asked.on("timeout", () => asked.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)));
    asked.on("error", reject);
    asked.end();
  });
