import type { Values } from "./helm";

/** Values of a gateway with two models and no database, as components/gateway.ts would pass them. */
export const gatewayBase: Values = {
  image: "ghcr.io/berriai/litellm-database:v1.106.2",
  replicas: 2,
  nodeSelector: { "pilotlight.dev/role": "system" },
  models: [
    {
      name: "qwen",
      url: "http://qwen-router.inference.svc:8081/v1",
      timeoutSeconds: 1110,
      inputCostPerToken: 5e-8,
      outputCostPerToken: 2e-7,
    },
    { name: "llama-70b", url: "http://llama-70b-router.inference.svc:8081/v1", timeoutSeconds: 1500 },
  ],
  keepAliveSeconds: 1560,
  masterKey: { secretName: "gateway-admin" },
  apiKeys: { secretName: "gateway-keys" },
  keysVersion: "fedcba9876543210",
  restartOn: "0123456789abcdef",
};

/** What a database adds. */
export const postgres: Values = { database: { mode: "postgres", secretName: "gateway-admin", key: "databaseUrl" } };
