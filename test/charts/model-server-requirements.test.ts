import { describe, expect, test } from "vitest";
import { helmRefusal, merge, type Values } from "./helm";
import { hold, modelServerBase } from "./model-server-values";
import { failPatterns } from "./requirements";

const { eppTtlSeconds: ttl, startupSeconds: startup } = hold;
const night = { timezone: "UTC", start: "0 8 * * 1-5", end: "0 18 * * 1-5", desiredReplicas: 2 };

/** Each rule between values: what breaks it, and what helm says. */
const RULES: [Values, string][] = [
  [{ engine: { name: "" } }, "engine.name is empty: components/engines.ts fills it from its table of engines"],
  [{ engine: { image: "" } }, "engine.image is empty: components/engines.ts fills it from its table of engines"],
  [
    { engine: { healthPath: "" } },
    "engine.healthPath is empty: components/engines.ts fills it from its table of engines",
  ],
  ...["queued", "running", "kvUsage", "cacheInfo"].map((metric): [Values, string] => [
    { engine: { metrics: { [metric]: "" } } },
    `engine.metrics.${metric} is empty: without it the router cannot tell a busy replica from a free one`,
  ]),
  [{ engine: { userId: 0 } }, "engine.userId is 0: an engine never runs as root; set the numeric user of the image"],
  [{ router: { envoyImage: "" } }, "router.envoyImage is empty: set it to the image with its tag"],
  [{ router: { eppImage: "" } }, "router.eppImage is empty: set it to the image with its tag"],
  [{ resources: { cpu: "" } }, "resources.cpu is empty: set what one replica requests of its node"],
  [{ resources: { memory: "" } }, "resources.memory is empty: set what one replica requests of its node"],
  [
    { resources: { memory: "8192Mi", sharedMemory: "8Gi" } },
    "resources.sharedMemory is 8Gi and resources.memory is 8192Mi: /dev/shm counts towards the memory, so it must be smaller",
  ],
  [
    { placement: { nodeSelector: { gpu: "l4" } } },
    "placement has both pools and nodeSelector: pools are the kit's own nodes, nodeSelector is for nodes of somebody else; keep one",
  ],
  [
    { placement: { pools: [] } },
    "placement has neither pools nor nodeSelector: name the GPU pools in the order to try them, or the labels of the GPU nodes",
  ],
  [
    { hold: { ttlSeconds: 0 } },
    "hold.ttlSeconds is 0: the picker would hold without end; set it to the hold of planner/hold.ts",
  ],
  [
    { hold: { messageTimeoutSeconds: ttl } },
    `hold.messageTimeoutSeconds is ${ttl} and hold.ttlSeconds is ${ttl}: Envoy must wait longer than the picker holds`,
  ],
  [
    { hold: { messageTimeoutSeconds: 3601 } },
    "hold.messageTimeoutSeconds is 3601: Envoy allows at most 3600; shorten the hold",
  ],
  [
    { autoscaling: { coldStartSeconds: ttl + 1 } },
    `hold.ttlSeconds is ${ttl} and a cold start takes about ${ttl + 1} s (autoscaling.coldStartSeconds): requests would be given up before the model is awake`,
  ],
  [
    { hold: { startupSeconds: 299 } },
    "hold.startupSeconds is 299 and a cold start takes about 300 s: the engine would be restarted before it is ready",
  ],
  [
    { hold: { progressDeadlineSeconds: startup } },
    `hold.progressDeadlineSeconds is ${startup} and hold.startupSeconds is ${startup}: the deadline also covers node launch and image pull, so it must be longer`,
  ],
  [
    { hold: { graceSeconds: 264 } },
    "hold.graceSeconds is 264 and preStop, drain and the engine's exit take 10 + 240 + 15 s: with less than 265 the engine would be killed before it has ended",
  ],
  [
    { hold: { drainSeconds: 0 } },
    "hold.drainSeconds is 0: a replica that goes would cut its answers; set it to the longest answer",
  ],
  [
    { autoscaling: { minReplicas: 4 } },
    "autoscaling.minReplicas is 4 and autoscaling.maxReplicas is 3: lower the one or raise the other",
  ],
  [
    { autoscaling: { schedule: [night, { ...night, desiredReplicas: 4 }] } },
    "autoscaling.schedule[1].desiredReplicas is 4 and autoscaling.maxReplicas is 3: a floor cannot be above the limit",
  ],
  [
    { autoscaling: { schedule: [{ ...night, end: night.start }] } },
    'autoscaling.schedule[0] starts and ends at "0 8 * * 1-5": KEDA refuses it; set two different times',
  ],
  [
    { autoscaling: { prometheusUrl: "" } },
    "autoscaling.prometheusUrl is empty: without Prometheus nothing would wake the model",
  ],
  [
    { compileCache: { uri: "https://weights/cache" } },
    'compileCache.uri is "https://weights/cache": it must be s3://bucket/prefix, or empty',
  ],
];

describe("model-server refuses values that do not go together", () => {
  test.each(RULES)("%j", (change, message) => {
    expect(helmRefusal("model-server", "qwen", merge(modelServerBase, change))).toBe(message);
  });

  test("and no rule is without a line above", () => {
    const untested = failPatterns("model-server").filter(
      ({ pattern }) => !RULES.some(([, text]) => pattern.test(text)),
    );
    expect(untested.map(({ message }) => message)).toEqual([]);
  });
});
