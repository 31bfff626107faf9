import { createHash } from "node:crypto";
import type { KeyRow } from "../../scripts/key-requests";
import type { Answer, Asked } from "./servers";

interface Key {
  alias: string;
  type: string;
  row: KeyRow;
}

interface Generate {
  key?: string;
  key_alias?: string;
  key_type?: string;
  models?: string[];
  max_budget?: number;
  budget_duration?: string;
  rpm_limit?: number;
  duration?: string;
}

/** What the server is told beside its master key. */
export interface KeyServerOptions {
  models?: readonly string[];
  now?: Date;
}

/**
 * LiteLLM's key endpoints as create_keys.py and `npm run key` meet them: keys by their hash, an archive of deleted ones that
 * /key/info still shows, aliases that are unique among the living, pages of the newest first.
 * Source: litellm 1.106.2, proxy/management_endpoints/key_management_endpoints.py.
 */
export class KeyServer {
  readonly keys = new Map<string, Key>();
  readonly deleted = new Set<string>();
  private readonly models: readonly string[];
  private readonly now: Date;

  constructor(
    private readonly masterKey: string,
    { models = ["qwen"], now = new Date(0) }: KeyServerOptions = {},
  ) {
    this.models = models;
    this.now = now;
  }

  readonly answer = (asked: Asked): Answer => {
    const { pathname, searchParams } = new URL(asked.path, "http://gateway");
    const route = `${asked.method} ${pathname}`;
    if (route === "GET /health/readiness") return { status: 200, body: { status: "healthy", db: "connected" } };
    if (asked.headers.authorization !== `Bearer ${this.masterKey}`) return error(401, "Authentication Error");
    const body = asked.body === "" ? {} : JSON.parse(asked.body);
    switch (route) {
      case "GET /v1/models":
        return { status: 200, body: { object: "list", data: this.models.map((id) => ({ id, object: "model" })) } };
      case "GET /key/info":
        return this.info(searchParams.get("key") ?? "");
      case "GET /key/list":
        return this.list(searchParams);
      case "POST /key/delete":
        return this.remove(body.key_aliases);
      case "POST /key/generate":
        return this.generate(body);
      default:
        return error(404, "Not Found");
    }
  };

  private info(hash: string): Answer {
    const key = this.keys.get(hash);
    if (key !== undefined)
      return { status: 200, body: { key: hash, info: { key_alias: key.alias, status: "active" } } };
    if (this.deleted.has(hash)) return { status: 200, body: { key: hash, info: { status: "deleted" } } };
    return error(404, "Key not found in database");
  }

  private list(query: URLSearchParams): Answer {
    const page = Number(query.get("page") ?? 1);
    const size = Number(query.get("size") ?? 10);
    const newestFirst = [...this.keys].reverse();
    const keys = newestFirst
      .slice((page - 1) * size, page * size)
      .map(([token, { row }]) => (query.get("return_full_object") === "true" ? { token, ...row } : token));
    const total_pages = Math.ceil(newestFirst.length / size);
    return { status: 200, body: { keys, total_count: newestFirst.length, current_page: page, total_pages } };
  }

  private remove(aliases: string[]): Answer {
    const found = [...this.keys].filter(([, { alias }]) => aliases.includes(alias));
    if (found.length === 0) return error(404, "No keys found");
    for (const [hash] of found) {
      this.keys.delete(hash);
      this.deleted.add(hash);
    }
    return { status: 200, body: { deleted_keys: aliases } };
  }

  private generate(request: Generate): Answer {
    const { key_alias = "", key_type = "default", models = [], max_budget = null, budget_duration = null } = request;
    const key = request.key ?? `sk-made-for-${key_alias}`;
    if (!key.startsWith("sk-")) return error(400, `Invalid key format: ${key}`);
    if ([...this.keys.values()].some(({ alias }) => alias === key_alias))
      return error(400, `Key with alias '${key_alias}' already exists.`);
    const expires = request.duration === undefined ? null : this.after(request.duration);
    const row: KeyRow = {
      key_alias,
      key_name: `sk-...${key.slice(-4)}`,
      models,
      spend: 0,
      max_budget,
      budget_duration,
      budget_reset_at: budget_duration === null ? null : this.after(budget_duration),
      rpm_limit: request.rpm_limit ?? null,
      expires,
      blocked: null,
      created_at: this.now.toISOString(),
      last_active: null,
    };
    this.keys.set(hashOf(key), { alias: key_alias, type: key_type, row });
    return { status: 200, body: { ...row, key, token: hashOf(key) } };
  }

  /** Days alone, which is all that the tests ask for. */
  private after(duration: string): string {
    const days = /^(\d+)d$/.exec(duration)?.[1];
    if (days === undefined) throw new Error(`${duration} is not in days`);
    return new Date(this.now.getTime() + Number(days) * 86_400_000).toISOString();
  }
}

export const hashOf = (key: string) => createHash("sha256").update(key).digest("hex");

const error = (status: number, message: string): Answer => ({
  status,
  body: { error: { message, code: String(status) } },
});
