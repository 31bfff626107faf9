import { z } from "zod";
import type { CreateOptions } from "./key-options";

/*
 * What `npm run key` asks LiteLLM and what it reads in the answers. Pure. test/data/litellm-openapi.json says that LiteLLM
 * takes and answers it so.
 */

export interface KeyRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

/** The most that LiteLLM lists at a time. */
export const PAGE_SIZE = 100;

/** Whether there is a database, without a key. */
export const readinessRequest: KeyRequest = { method: "GET", path: "/health/readiness" };

export const modelsRequest: KeyRequest = { method: "GET", path: "/v1/models" };

export const listRequest = (page: number): KeyRequest => ({
  method: "GET",
  path: "/key/list",
  query: { return_full_object: "true", page: String(page), size: String(PAGE_SIZE) },
});

/** For models alone: no key that is handed out may administer the gateway. */
export const createRequest = ({
  name,
  budget,
  budgetDuration,
  rpm,
  models,
  expires,
}: Omit<CreateOptions, "command" | "json" | "stack">): KeyRequest => ({
  method: "POST",
  path: "/key/generate",
  body: {
    key_alias: name,
    key_type: "llm_api",
    ...(budget === undefined ? {} : { max_budget: budget }),
    ...(budgetDuration === undefined ? {} : { budget_duration: budgetDuration }),
    ...(rpm === undefined ? {} : { rpm_limit: rpm }),
    ...(models.length === 0 ? {} : { models: [...models] }),
    ...(expires === undefined ? {} : { duration: expires }),
  },
});

export const revokeRequest = (name: string): KeyRequest => ({
  method: "POST",
  path: "/key/delete",
  body: { key_aliases: [name] },
});

export const readinessAnswer = z.object({ db: z.string() });

/** What LiteLLM's readiness says where no database is set. */
export const NO_DATABASE = "Not connected";

export const modelsAnswer = z.object({ data: z.array(z.object({ id: z.string() })) });

/** A key as LiteLLM lists it. */
export const keyRow = z.object({
  key_alias: z.string().nullish(),
  /** The key with all but its end hidden. */
  key_name: z.string().nullish(),
  models: z.array(z.string()).nullish(),
  /** US dollars, since the budget's period began. */
  spend: z.number().nullish(),
  max_budget: z.number().nullish(),
  budget_duration: z.string().nullish(),
  budget_reset_at: z.string().nullish(),
  rpm_limit: z.number().nullish(),
  expires: z.string().nullish(),
  blocked: z.boolean().nullish(),
  created_at: z.string().nullish(),
  last_active: z.string().nullish(),
});
export type KeyRow = z.output<typeof keyRow>;

export const listAnswer = z.object({ keys: z.array(keyRow), total_pages: z.number().nullish() });

export const createAnswer = z.object({ key: z.string(), expires: z.string().nullish() });

/** LiteLLM's form of an error. */
export const errorAnswer = z.object({ error: z.object({ message: z.unknown() }) });
