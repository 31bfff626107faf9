import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holdValues } from "../../components/model-server";
import { type HoldChain, type HoldRequest, holdChain, holdFaults, MAX_EXT_PROC_SECONDS } from "../../planner/hold";
import { helmRefusal, helmTemplate, merge, pick, type Values } from "./helm";
import { modelServerBase } from "./model-server-values";
import { containerOf, podsOf } from "./pods";
import { externalProcessor, routerConfig } from "./router-config";

const valuesOf = (chain: HoldChain, coldStartSeconds: number): Values =>
  merge(modelServerBase, { hold: holdValues(chain), autoscaling: { coldStartSeconds } });

/** The links of the chain as they stand in the rendered objects, in seconds. */
function linksOf(values: Values) {
  const objects = helmTemplate("model-server", "qwen", values);
  const { epp, envoy } = routerConfig(objects, "qwen");
  const deployment = pick<{ spec: { progressDeadlineSeconds: number } }>(objects, "Deployment", "qwen");
  const [engine, router] = ["Deployment qwen", "Deployment qwen-router"].map((owner) => {
    const pod = podsOf(objects).find((each) => each.owner === owner);
    if (pod === undefined) throw new Error(`no ${owner}`);
    return pod.spec;
  });
  if (engine === undefined || router === undefined) throw new Error("two pods");
  const { startupProbe, lifecycle } = containerOf(engine, "engine");
  return {
    ttl: seconds(epp.flowControl.defaultRequestTTL),
    message: seconds(externalProcessor(envoy).message_timeout),
    startup: Number(startupProbe?.periodSeconds) * Number(startupProbe?.failureThreshold),
    progress: deployment.spec.progressDeadlineSeconds,
    preStop: Number(lifecycle?.preStop?.sleep?.seconds),
    engineGrace: Number(engine.terminationGracePeriodSeconds),
    routerGrace: Number(router.terminationGracePeriodSeconds),
  };
}

/** A duration as both programs write it, `600s`. */
function seconds(duration: unknown): number {
  const [, amount] = /^(\d+)s$/.exec(String(duration)) ?? [];
  return Number(amount);
}

const requests = fc
  .record({
    coldStartSeconds: fc.integer({ min: 1, max: 3000 }),
    longestGenerationSeconds: fc.integer({ min: 1, max: 2500 }),
    holdSeconds: fc.option(fc.integer({ min: 1, max: MAX_EXT_PROC_SECONDS }), { nil: undefined }),
  })
  .filter((request) => holdFaults(request).length === 0);

describe("the hold, as an order of all that waits", () => {
  test("whatever the planner accepts renders, and keeps the order", () => {
    fc.assert(
      fc.property(requests, (request: HoldRequest) => {
        const links = linksOf(valuesOf(holdChain(request), request.coldStartSeconds));
        expect(links.ttl).toBeGreaterThanOrEqual(request.coldStartSeconds);
        expect(links.message).toBeGreaterThan(links.ttl);
        expect(links.message).toBeLessThanOrEqual(MAX_EXT_PROC_SECONDS);
        expect(links.startup).toBeGreaterThanOrEqual(links.ttl);
        expect(links.progress).toBeGreaterThan(links.startup);
        expect(links.engineGrace).toBeGreaterThanOrEqual(links.preStop + request.longestGenerationSeconds + 15);
        expect(links.routerGrace).toBeGreaterThanOrEqual(request.longestGenerationSeconds + 15);
      }),
      { numRuns: 25, seed: 3 },
    );
  });

  test("the longest hold there is renders; the one second more that Envoy would refuse does not", () => {
    const longest = { coldStartSeconds: 440, longestGenerationSeconds: 60, holdSeconds: 3570 };
    expect(linksOf(valuesOf(holdChain(longest), 440))).toMatchObject({ ttl: 3570, message: 3600 });
    expect(() => holdChain({ ...longest, holdSeconds: 3571 })).toThrow("Envoy allows 3600 s");
    const beyond = merge(valuesOf(holdChain(longest), 440), {
      hold: { ttlSeconds: 3571, messageTimeoutSeconds: 3601 },
    });
    expect(helmRefusal("model-server", "qwen", beyond)).toBe(
      "hold.messageTimeoutSeconds is 3601: Envoy allows at most 3600; shorten the hold",
    );
  });

  test("a hold as long as the cold start renders; one second less, which the planner refuses, does not", () => {
    const request = { coldStartSeconds: 440, longestGenerationSeconds: 60, holdSeconds: 440 };
    const chain = holdChain(request);
    expect(linksOf(valuesOf(chain, 440)).ttl).toBe(440);
    expect(() => holdChain({ ...request, holdSeconds: 439 })).toThrow("ends before the cold start");
    expect(helmRefusal("model-server", "qwen", merge(valuesOf(chain, 440), { hold: { ttlSeconds: 439 } }))).toContain(
      "hold.ttlSeconds is 439 and a cold start takes about 440 s",
    );
  });

  test("no link may be taken out of the order", () => {
    fc.assert(
      fc.property(requests, fc.constantFrom("message", "startup", "progress", "drain", "grace"), (request, link) => {
        const chain = holdChain(request);
        const broken = {
          message: { messageTimeoutSeconds: chain.eppTtlSeconds },
          startup: { startupSeconds: request.coldStartSeconds - 1 },
          progress: { progressDeadlineSeconds: chain.startupSeconds },
          drain: { drainSeconds: 0 },
          grace: { graceSeconds: chain.terminationGraceSeconds - 1 },
        }[link];
        const refusal = helmRefusal(
          "model-server",
          "qwen",
          merge(valuesOf(chain, request.coldStartSeconds), { hold: broken }),
        );
        expect(refusal).toMatch(new RegExp(`^hold\\.${Object.keys(broken)[0]} is `));
      }),
      { numRuns: 12, seed: 4 },
    );
  });
});
