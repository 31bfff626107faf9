import type { z } from "zod";
import {
  createAnswer,
  createRequest,
  errorAnswer,
  type KeyRequest,
  type KeyRow,
  listAnswer,
  listRequest,
  modelsAnswer,
  modelsRequest,
  NO_DATABASE,
  readinessAnswer,
  readinessRequest,
  revokeRequest,
} from "./key-requests";

/** A gateway's keys, by its own API. */
export class KeyGateway {
  /** @param url without a path. */
  constructor(
    private readonly url: string,
    private readonly masterKey: string,
  ) {}

  /** Whether there is a database, so that keys can be made at run time. */
  hasDatabase = async (): Promise<boolean> => (await this.ask(readinessRequest, readinessAnswer)).db !== NO_DATABASE;

  models = async (): Promise<string[]> => (await this.ask(modelsRequest, modelsAnswer)).data.map(({ id }) => id);

  /** Every key that is not deleted. */
  async keys(): Promise<KeyRow[]> {
    const all: KeyRow[] = [];
    for (let page = 1; ; page += 1) {
      const { keys, total_pages } = await this.ask(listRequest(page), listAnswer);
      all.push(...keys);
      if (page >= (total_pages ?? 0)) return all;
    }
  }

  create = (options: Parameters<typeof createRequest>[0]) => this.ask(createRequest(options), createAnswer);

  async revoke(name: string): Promise<void> {
    await this.send(revokeRequest(name));
  }

  private async ask<T>(request: KeyRequest, answer: z.ZodType<T>): Promise<T> {
    const read = answer.safeParse(await this.send(request));
    if (read.success) return read.data;
    const places = read.error.issues.map(({ path }) => path.join(".") || "all of it").join(", ");
    throw new Error(`${request.method} ${request.path} answered something else than LiteLLM 1.106.2 does: ${places}`);
  }

  /** The answer's JSON. */
  private async send({ method, path, query, body }: KeyRequest): Promise<unknown> {
    const address = `${this.url}${path}${query === undefined ? "" : `?${new URLSearchParams(query)}`}`;
    const response = await fetch(address, {
      method,
      headers: {
        authorization: `Bearer ${this.masterKey}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    }).catch((error: Error) => {
      const cause = error.cause instanceof Error ? error.cause.message : error.message;
      throw new Error(`the gateway does not answer ${method} ${path}: ${cause}`);
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    if (response.status === 401)
      throw new Error("the gateway refuses the master key of its Secret: it was changed after the database was made");
    throw new Error(`${method} ${path} answered ${response.status}: ${this.hidden(reasonIn(text))}`);
  }

  /** No error of the gateway brings its master key onto a screen. */
  private hidden = (text: string) => text.replaceAll(this.masterKey, "***");
}

/** LiteLLM's own words for an error. */
function reasonIn(text: string): string {
  try {
    const read = errorAnswer.safeParse(JSON.parse(text));
    if (read.success) return String(read.data.error.message);
  } catch {
    // No JSON: something before LiteLLM has answered.
  }
  return text.slice(0, 300) || "nothing";
}
