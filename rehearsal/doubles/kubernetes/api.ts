import { Agent, request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { Props, Value } from "../aws/table";
import { items, props, text } from "../aws/table";

/** The stage's API server and the right to do everything in it. */
export interface ApiServer {
  readonly url: string;
  /** Its certificate authority: a PEM file in base64. */
  readonly caData: string;
  readonly token: string;
}

/** A refusal, by Kubernetes' own code and words. */
export class ApiError extends Error {
  constructor(
    readonly code: number,
    /** For example `AlreadyExists`. */
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

/** Nobody answers at the server's address. */
export class Unreachable extends Error {}

/** A kind as the API server lists it. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

export interface Ask {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Props;
  /** Of the body. */
  readonly contentType?: string;
  readonly accept?: string;
}

/** Longer than any single answer takes on a busy machine. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 200;
const GONE = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE"]);

export const groupPath = (apiVersion: string) =>
  apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

/** Kubernetes' API as plain requests: client libraries drop the fields that a strict check is to find. */
export class Api {
  private readonly agent: Agent;
  private readonly found = new Map<string, Kind>();

  constructor(readonly server: ApiServer) {
    this.agent = new Agent({ keepAlive: true, maxSockets: 32, ca: Buffer.from(server.caData, "base64") });
  }

  close(): void {
    this.agent.destroy();
  }

  /**
   * Asks again where the server says that it is not the moment, as it does of a kind whose CRD comes or goes.
   * @throws ApiError where the server refuses.
   */
  async ask(method: string, path: string, ask: Ask = {}): Promise<Props> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await this.once(method, path, ask);
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 429 || Date.now() > deadline) throw error;
        await sleep(RETRY_MS);
      }
    }
  }

  private once(method: string, path: string, { query, body, contentType, accept }: Ask): Promise<Props> {
    const url = new URL(path, this.server.url);
    for (const [key, value] of Object.entries(query ?? {})) url.searchParams.set(key, value);
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${this.server.token}`,
      accept: accept ?? "application/json",
      ...(payload === undefined
        ? {}
        : { "content-type": contentType ?? "application/json", "content-length": Buffer.byteLength(payload) }),
    };
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException) => {
        const Kind = GONE.has(error.code ?? "") ? Unreachable : Error;
        reject(new Kind(`${method} ${url.origin}${path}: ${error.message}`));
      };
      const call = request(url, { method, headers, agent: this.agent, timeout: PATIENCE_MS }, (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("error", fail);
        answer.on("end", () => {
          try {
            resolve(judged(answer.statusCode ?? 0, Buffer.concat(parts).toString()));
          } catch (error) {
            reject(error);
          }
        });
      });
      call.on("timeout", () => call.destroy(new Error(`no answer in ${PATIENCE_MS / 1000} s`)));
      call.on("error", fail);
      call.end(payload);
    });
  }

  /** The kind, or nothing where the server does not serve it (yet). */
  async kind(apiVersion: string, kind: string): Promise<Kind | undefined> {
    const known = this.found.get(`${apiVersion} ${kind}`);
    if (known) return known;
    const kinds = await this.kindsOf(apiVersion);
    const one = kinds.find((candidate) => candidate.kind === kind);
    if (one) this.found.set(`${apiVersion} ${kind}`, one);
    return one;
  }

  /** Kinds go away with their CRDs. */
  forgetKinds(): void {
    this.found.clear();
  }

  private async kindsOf(apiVersion: string): Promise<Kind[]> {
    const answer = await this.ask("GET", groupPath(apiVersion)).catch(nothingIfGone);
    return items(answer?.resources)
      .filter(({ name }) => !String(name).includes("/"))
      .map((one) => ({
        apiVersion,
        kind: text(one, "kind"),
        plural: text(one, "name"),
        namespaced: one.namespaced === true,
        verbs: (one.verbs ?? []) as readonly string[],
      }));
  }

  /** Every kind that lives in namespaces, in its group's preferred version. */
  async namespacedKinds(): Promise<Kind[]> {
    const { groups } = await this.ask("GET", "/apis");
    const versions = ["v1", ...items(groups).map((group) => text(group, "preferredVersion.groupVersion"))];
    const kinds = await Promise.all(versions.map((version) => this.kindsOf(version)));
    return kinds.flat().filter(({ namespaced }) => namespaced);
  }
}

export function pathOf(kind: Kind, namespace: string, name?: string): string {
  const inside = kind.namespaced ? `/namespaces/${namespace || "default"}` : "";
  return `${groupPath(kind.apiVersion)}${inside}/${kind.plural}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
}

function judged(code: number, body: string): Props {
  const parsed = parse(body);
  if (code < 400) return props(parsed);
  const status = props(parsed);
  throw new ApiError(code, text(status, "reason") || `HTTP ${code}`, text(status, "message") || body.trim());
}

function parse(body: string): Value {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** What is gone needs no answer. */
export function nothingIfGone(error: unknown): undefined {
  if (error instanceof ApiError && error.code === 404) return undefined;
  throw error;
}
