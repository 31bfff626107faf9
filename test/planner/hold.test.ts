import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DEFAULT_COLD_START_SECONDS,
  holdChain,
  holdFaults,
  MAX_ALB_IDLE_SECONDS,
  MAX_EXT_PROC_SECONDS,
} from "../../planner/hold";

const request = fc.record({
  coldStartSeconds: fc.integer({ min: 1, max: 5000 }),
  longestGenerationSeconds: fc.integer({ min: 1, max: 5000 }),
  holdSeconds: fc.option(fc.integer({ min: 1, max: 5000 }), { nil: undefined }),
});

describe("hold chain", () => {
  test("the defaults give a hold that covers cold start and drain, and every number that follows from it", () => {
    expect(holdChain({ coldStartSeconds: DEFAULT_COLD_START_SECONDS, longestGenerationSeconds: 300 })).toEqual({
      holdSeconds: 840,
      eppTtlSeconds: 840,
      extProcTimeoutSeconds: 870,
      gatewayTimeoutSeconds: 1170,
      albIdleSeconds: 1200,
      gatewayKeepAliveSeconds: 1230,
      preStopSeconds: 10,
      shutdownTimeoutSeconds: 300,
      terminationGraceSeconds: 325,
      startupSeconds: 1800,
      progressDeadlineSeconds: 2700,
    });
  });

  test("every accepted hold keeps the order of all timeouts", () => {
    let accepted = 0;
    fc.assert(
      fc.property(request, (wanted) => {
        if (holdFaults(wanted).length > 0) return;
        accepted += 1;
        const chain = holdChain(wanted);
        expect(chain.holdSeconds).toBeLessThanOrEqual(chain.eppTtlSeconds);
        expect(chain.eppTtlSeconds).toBeLessThan(chain.extProcTimeoutSeconds);
        expect(chain.extProcTimeoutSeconds).toBeLessThanOrEqual(MAX_EXT_PROC_SECONDS);
        expect(chain.eppTtlSeconds + wanted.longestGenerationSeconds).toBeLessThan(chain.gatewayTimeoutSeconds);
        expect(chain.gatewayTimeoutSeconds).toBeLessThan(chain.albIdleSeconds);
        expect(chain.albIdleSeconds).toBeLessThan(chain.gatewayKeepAliveSeconds);
        expect(chain.albIdleSeconds).toBeLessThanOrEqual(MAX_ALB_IDLE_SECONDS);
        expect(chain.preStopSeconds + chain.shutdownTimeoutSeconds).toBeLessThan(chain.terminationGraceSeconds);
        expect(chain.startupSeconds).toBeGreaterThanOrEqual(chain.holdSeconds);
        expect(chain.progressDeadlineSeconds).toBeGreaterThan(chain.startupSeconds);
        expect(chain.holdSeconds).toBeGreaterThanOrEqual(wanted.coldStartSeconds);
      }),
      { numRuns: 2000, seed: 1 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test("a refused hold throws what holdFaults says", () => {
    fc.assert(
      fc.property(request, (wanted) => {
        const faults = holdFaults(wanted);
        if (faults.length > 0) expect(() => holdChain(wanted)).toThrow(faults.join("; "));
      }),
      { seed: 2 },
    );
  });

  test.each([
    [
      { coldStartSeconds: 440, longestGenerationSeconds: 60, holdSeconds: 120 },
      "a hold of 120 s ends before the cold start of about 440 s does; set hold to at least 510s",
    ],
    [
      { coldStartSeconds: 440, longestGenerationSeconds: 60, holdSeconds: 3600 },
      "a hold of 3600 s needs an Envoy message timeout of 3630 s, and Envoy allows 3600 s; set hold to at most 3570s",
    ],
    [
      { coldStartSeconds: 440, longestGenerationSeconds: 3000, holdSeconds: 1200 },
      "hold 1200 s + longest generation 3000 s need a load balancer idle timeout of 4260 s, and an ALB allows 4000 s; lower their sum to 3940s",
    ],
  ])("%j is refused with the numbers", (wanted, message) => {
    expect(holdFaults(wanted)).toEqual([message]);
  });
});
