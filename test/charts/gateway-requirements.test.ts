import { describe, expect, test } from "vitest";
import { gatewayBase } from "./gateway-values";
import { helmRefusal, merge, type Values } from "./helm";
import { failPatterns } from "./requirements";

const qwen = { name: "qwen", url: "http://qwen-router.inference.svc:8081/v1", timeoutSeconds: 1110 };

/** Each rule between values: what breaks it, and what helm says. */
const RULES: [Values, string][] = [
  [{ image: "" }, "image is empty: set it to the LiteLLM image with its tag"],
  [{ models: [] }, "models is empty: a gateway needs at least one model, {name, url, timeoutSeconds}"],
  [{ models: [qwen, qwen] }, 'models has "qwen" twice: give each model a name of its own'],
  [
    { models: [{ ...qwen, url: "http://qwen-router:8081" }] },
    'models[qwen].url is "http://qwen-router:8081": it must be the router\'s address ending in /v1',
  ],
  [
    { models: [{ ...qwen, inputCostPerToken: 1e-7 }] },
    "models[qwen] has one of inputCostPerToken and outputCostPerToken: set both, or a budget counts half of each request",
  ],
  [
    { models: [{ ...qwen, timeoutSeconds: 10 }] },
    "pingSeconds is 10 and models[qwen].timeoutSeconds is 10: ping more often than requests time out",
  ],
  [
    { keepAliveSeconds: 1500 },
    "keepAliveSeconds is 1500 and the longest request takes 1500 s: the load balancer waits for longer than that, and the gateway must wait for longer than the load balancer",
  ],
  [
    { masterKey: { secretName: "" } },
    "masterKey.secretName is empty: name the Secret that holds the master key; a gateway without one is open to everybody",
  ],
  [
    { apiKeys: { secretName: "" } },
    'apiKeys.secretName is empty: name the Secret that holds the ordinary keys as JSON, {"name": "sk-..."}',
  ],
  [
    { database: { mode: "postgres" } },
    "database.mode is postgres and database.secretName is empty: name the Secret that holds the postgresql:// address",
  ],
  [
    { database: { mode: "none", secretName: "db" } },
    'database.mode is none and database.secretName is "db": set the mode to postgres, or leave the name out',
  ],
];

describe("gateway refuses values that do not go together", () => {
  test.each(RULES)("%j", (change, message) => {
    expect(helmRefusal("gateway", "gateway", merge(gatewayBase, change))).toBe(message);
  });

  test("and no rule is without a line above", () => {
    const untested = failPatterns("gateway").filter(({ pattern }) => !RULES.some(([, text]) => pattern.test(text)));
    expect(untested.map(({ message }) => message)).toEqual([]);
  });
});
