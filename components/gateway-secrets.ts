/*
 * The gateway's Secrets, as charts/gateway reads them and `npm run key` the first of them. Pure.
 */

/** The master key, and the address of the database where there is one. */
export const ADMIN_SECRET = { name: "gateway-admin", masterKey: "masterKey", url: "databaseUrl" } as const;
/** The ordinary keys as JSON, by name. */
export const KEYS_SECRET = { name: "gateway-keys", key: "apiKeys" } as const;
/** Name of the key that every gateway has, the stack's output `apiKey`. */
export const FIRST_KEY = "default";
