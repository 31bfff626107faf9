import { createHash } from "node:crypto";
import type { Answer, Asked } from "./servers";

interface Key {
  alias: string;
  type: string;
}

/**
 * LiteLLM's key endpoints as create_keys.py meets them: keys by their hash, an archive of deleted ones that /key/info
 * still shows, aliases that are unique among the living.
 * Source: litellm 1.106.2, proxy/management_endpoints/key_management_endpoints.py.
 */
export class KeyServer {
  readonly keys = new Map<string, Key>();
  readonly deleted = new Set<string>();

  constructor(private readonly masterKey: string) {}

  readonly answer = (asked: Asked): Answer => {
    if (asked.headers.authorization !== `Bearer ${this.masterKey}`) return error(401, "Authentication Error");
    const { pathname, searchParams } = new URL(asked.path, "http://gateway");
    const body = asked.body === "" ? {} : JSON.parse(asked.body);
    switch (`${asked.method} ${pathname}`) {
      case "GET /key/info":
        return this.info(searchParams.get("key") ?? "");
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

  private remove(aliases: string[]): Answer {
    const found = [...this.keys].filter(([, { alias }]) => aliases.includes(alias));
    if (found.length === 0) return error(404, "No keys found");
    for (const [hash] of found) {
      this.keys.delete(hash);
      this.deleted.add(hash);
    }
    return { status: 200, body: { deleted_keys: aliases } };
  }

  private generate({ key, key_alias, key_type }: Record<string, string>): Answer {
    if (key === undefined || !key.startsWith("sk-")) return error(400, `Invalid key format: ${key}`);
    if ([...this.keys.values()].some(({ alias }) => alias === key_alias))
      return error(400, `Key with alias '${key_alias}' already exists.`);
    this.keys.set(hashOf(key), { alias: key_alias ?? "", type: key_type ?? "default" });
    return { status: 200, body: { key, key_alias } };
  }
}

export const hashOf = (key: string) => createHash("sha256").update(key).digest("hex");

const error = (status: number, message: string): Answer => ({
  status,
  body: { error: { message, code: String(status) } },
});
