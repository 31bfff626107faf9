import type { CreateOptions } from "./key-options";
import type { KeyRow } from "./key-requests";
import { columns } from "./plan-table";

/*
 * What `npm run key` prints. Pure.
 */

/** What a key is called; one that somebody made without a name by its last characters. */
export const nameOf = ({ key_alias, key_name }: Pick<KeyRow, "key_alias" | "key_name">): string =>
  key_alias || key_name || "(no name)";

export function statusOf({ blocked, expires }: Pick<KeyRow, "blocked" | "expires">, now: Date): string {
  if (blocked) return "blocked";
  return expires && new Date(expires) < now ? "expired" : "active";
}

const day = (time: string | null | undefined) => time?.slice(0, 10) ?? "";
const dollars = (amount: number) => amount.toFixed(amount !== 0 && amount < 1 ? 4 : 2);
const budget = ({ max_budget, budget_duration }: Pick<KeyRow, "max_budget" | "budget_duration">) =>
  max_budget == null ? "none" : `${dollars(max_budget)}${budget_duration ? ` / ${budget_duration}` : ""}`;
const modelsIn = (models: readonly string[] | null | undefined) => (models?.length ? models.join(", ") : "all");

const byName = (keys: readonly KeyRow[]) => [...keys].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));

/** A table of lines, or a word where there is nothing to show. */
const table = (head: readonly string[], rows: readonly (readonly string[])[], left: number) =>
  rows.length === 0 ? "no keys" : columns([head, ...rows], left).join("\n");

export const listText = (keys: readonly KeyRow[], now: Date): string =>
  table(
    ["name", "status", "models", "budget USD", "a minute", "made", "expires"],
    byName(keys).map((key) => [
      nameOf(key),
      statusOf(key, now),
      modelsIn(key.models),
      budget(key),
      key.rpm_limit == null ? "none" : String(key.rpm_limit),
      day(key.created_at),
      day(key.expires) || "never",
    ]),
    3,
  );

export const usageText = (keys: readonly KeyRow[], now: Date): string =>
  table(
    ["name", "status", "spent USD", "budget USD", "used", "starts anew", "last asked"],
    byName(keys).map((key) => {
      const spend = key.spend ?? 0;
      return [
        nameOf(key),
        statusOf(key, now),
        dollars(spend),
        budget(key),
        key.max_budget ? `${Math.floor((spend / key.max_budget) * 100)} %` : "",
        day(key.budget_reset_at) || "never",
        day(key.last_active) || "never",
      ];
    }),
    2,
  );

/** The rows for a machine, under names of the command line. */
export const json = (keys: readonly KeyRow[], now: Date): string =>
  JSON.stringify(
    byName(keys).map((key) => ({
      name: nameOf(key),
      status: statusOf(key, now),
      models: key.models ?? [],
      spend: key.spend ?? 0,
      budget: key.max_budget ?? null,
      budgetDuration: key.budget_duration ?? null,
      budgetResetAt: key.budget_reset_at ?? null,
      rpm: key.rpm_limit ?? null,
      createdAt: key.created_at ?? null,
      lastActive: key.last_active ?? null,
      expires: key.expires ?? null,
    })),
    null,
    2,
  );

/** A new key with its secret. */
export const madeKey = (options: CreateOptions, made: { key: string; expires?: string | null }) => ({
  name: options.name,
  key: made.key,
  models: options.models,
  budget: options.budget ?? null,
  budgetDuration: options.budgetDuration ?? null,
  rpm: options.rpm ?? null,
  expires: made.expires ?? null,
});

export function createdText(options: CreateOptions, made: ReturnType<typeof madeKey>): string {
  if (options.json) return JSON.stringify(made, null, 2);
  const limits = [
    `models: ${modelsIn(made.models)}`,
    `budget: ${made.budget === null ? "none" : `${budget({ max_budget: made.budget, budget_duration: made.budgetDuration })} USD`}`,
    `requests a minute: ${made.rpm ?? "no limit"}`,
    `expires: ${day(made.expires) || "never"}`,
  ];
  return [made.key, "", `This is the key of ${made.name}. It is not shown again.`, limits.join("; ")].join("\n");
}

export const revokedText = ({ name, json: asJson }: { name: string; json: boolean }): string =>
  asJson
    ? JSON.stringify({ revoked: name }, null, 2)
    : `${name} is revoked; a gateway pod that has just served it forgets it within a minute.`;
