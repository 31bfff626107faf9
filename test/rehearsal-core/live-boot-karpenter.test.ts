import { expect, test } from "vitest";
import { karpenterValues } from "../../components/karpenter";
import type { Props } from "../../rehearsal/doubles/aws/table";
import { karpenterEnv, karpenterFaults } from "../../rehearsal/live/karpenter";

const KIT = karpenterValues({
  replicas: 1,
  clusterName: "live",
  clusterEndpoint: "https://127.0.0.1:6443",
  queueName: "queue",
}) as unknown as Props;

test("the kit's values become what the chart writes into the container", () => {
  expect(karpenterEnv(KIT)).toEqual({
    KARPENTER_SERVICE: "karpenter",
    SYSTEM_NAMESPACE: "kube-system",
    LOG_LEVEL: "info",
    CPU_REQUESTS: "200",
    MEMORY_LIMIT: "1073741824",
    FEATURE_GATES:
      "ReservedCapacity=true,SpotToSpotConsolidation=false,NodeRepair=false,NodeOverlay=false,StaticCapacity=false,CapacityBuffer=false",
    BATCH_MAX_DURATION: "10s",
    BATCH_IDLE_DURATION: "1s",
    PREFERENCE_POLICY: "Respect",
    MIN_VALUES_POLICY: "Strict",
    CLUSTER_NAME: "live",
    CLUSTER_ENDPOINT: "https://127.0.0.1:6443",
    EKS_CONTROL_PLANE: "true",
    VM_MEMORY_OVERHEAD_PERCENT: "0.075",
    INTERRUPTION_QUEUE: "queue",
    RESERVED_ENIS: "0",
    IGNORE_DRA_REQUESTS: "true",
    AMI_REFRESH_INTERVAL: "1m",
    SUBNET_REFRESH_INTERVAL: "1m",
  });
});

test("what is false or empty is not written, what the chart does not read or cannot miss is told", () => {
  const settings = {
    clusterName: "live",
    ignoreDRARequests: false,
    isolatedVPC: true,
    featureGates: { nodeRepair: true },
  };
  const env = karpenterEnv({ settings });
  expect(env).not.toHaveProperty("IGNORE_DRA_REQUESTS");
  expect(env).not.toHaveProperty("CLUSTER_ENDPOINT");
  expect(env).toMatchObject({ ISOLATED_VPC: "true", CPU_REQUESTS: "0", MEMORY_LIMIT: "0" });
  expect(env.FEATURE_GATES).toContain("NodeRepair=true");
  expect(() => karpenterEnv({ settings: { clusterName: "live", clusterNme: "x" } })).toThrow("settings.clusterNme");
  expect(() => karpenterEnv({})).toThrow("demands settings.clusterName");
});

test("faults in its log", () => {
  const line = (fields: object) => JSON.stringify(fields);
  const log = [
    line({ level: "INFO", message: "starting" }),
    line({ level: "ERROR", message: "could not schedule pod", error: "exceeds limits" }),
    "",
  ].join("\n");
  expect(karpenterFaults(log)).toEqual(["could not schedule pod: exceeds limits"]);
});
