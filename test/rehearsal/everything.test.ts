import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { findLeaks } from "../../rehearsal/checks";
import { rehearse } from "../../rehearsal/rehearse";
import { summary } from "../../rehearsal/report";
import { startTestStage, type TestStage } from "./stage";

/*
 * Settings that no stack file uses, through the whole life of a stack.
 */

const ACCOUNT = "arn:aws:iam::111122223333";
const QWEN = "hf://Qwen/Qwen3-8B@b968826d9c46dd6066d109eabc6255188de91218";
/** The rehearsal puts a placeholder in its place, as it does with every encrypted setting. */
const ENCRYPTED = { secure: "v1:unreadable:here" };
const TOKEN = "inference/hugging-face/token";

const LARGE = {
  "aws:region": "us-east-1",
  "pilotlight:cluster": {
    zones: ["us-east-1a", "us-east-1b"],
    apiAccess: { cidrs: ["198.18.0.0/24"] },
    admins: [`${ACCOUNT}:role/on-call`, `${ACCOUNT}:user/ops/jo`],
  },
  "pilotlight:network": {
    adopt: {
      vpcId: "vpc-0123456789abcdef0",
      subnetIds: ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
      publicSubnetIds: ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"],
    },
  },
  "pilotlight:gpuPools": {
    fours: {
      gpu: "l40s",
      gpusPerNode: 4,
      instanceTypes: ["g6e.12xlarge"],
      capacity: ["reserved", "on-demand"],
      reservationIds: ["cr-0123456789abcdef0"],
      maxGpus: 8,
      disk: "300Gi",
    },
    block: {
      gpu: "h100",
      gpusPerNode: 8,
      instanceTypes: ["p5.48xlarge"],
      capacity: [],
      capacityBlock: { id: "cr-0123456789abcdef1", zone: "us-east-1b" },
      steadyNodes: 1,
      maxGpus: 0,
    },
  },
  "pilotlight:models": {
    wide: {
      source: QWEN,
      contextLength: "32k",
      quantization: "fp8",
      gpu: "l40s",
      gpusPerReplica: 4,
      replicas: { min: 0, max: 2 },
      hold: "20m",
      longestGeneration: "10m",
      engineArgs: ["--max-num-seqs=64", "--enable-prefix-caching"],
      price: { input: 0.05, output: 0.2 },
    },
    mine: { source: "s3://example-weights/mine/v1", contextLength: 32768, gpu: "h100", gpusPerReplica: 8 },
  },
  "pilotlight:endpoint": {
    exposure: "public",
    domain: "llm.example.com",
    zone: "example.com",
    allowedCidrs: ["198.18.0.0/24"],
  },
  "pilotlight:gateway": { database: "rds", databaseMultiZone: true, replicas: 3 },
  "pilotlight:permissionsBoundary": `${ACCOUNT}:policy/boundary`,
  "pilotlight:tags": { team: "inference", "cost center": "42" },
  "pilotlight:huggingFaceToken": ENCRYPTED,
};

const OPERATOR = {
  "aws:region": "eu-central-1",
  "pilotlight:cluster": { zones: ["eu-central-1a", "eu-central-1b", "eu-central-1c"] },
  "pilotlight:drivers": { from: "operator", version: "580.95.05" },
  "pilotlight:gpuPools": { l4: { gpu: "l4", capacity: ["spot"], maxGpus: 1 } },
  "pilotlight:models": { qwen: { source: QWEN, contextLength: "8k", gpu: "l4", targetConcurrency: 4 } },
  "pilotlight:huggingFaceToken": ENCRYPTED,
};

let on: TestStage | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await on?.stop();
  on = undefined;
});

/** The API server's own store has to hold what a Secret holds. */
const STORE = /^control-plane\/etcd\//;

test.each([
  ["an adopted network, reservation, capacity block, S3 weights, boundary, admins", LARGE],
  ["drivers from the GPU Operator", OPERATOR],
])("%s: up, up again, a change, destroy; no secret leaks, nothing is left", async (_, config) => {
  on = await startTestStage(config);
  const { stage, equipment } = on;
  const dir = join(on.dir, "run");
  mkdirSync(dir);
  const secrets = vi.spyOn(stage.objects, "secretValues");
  const { signal } = new AbortController();
  const report = await rehearse({
    stackName: "everything",
    config,
    stage,
    tools: equipment,
    dir,
    say: () => {},
    signal,
  });
  expect(report.phases.map(({ name }) => name)).toEqual(["preview", "up", "up again", "change", "destroy"]);
  expect(report.kept).toContain("servicemonitors.monitoring.coreos.com");
  const lines = summary(report).join("\n");
  expect(lines).toMatch(/left by helm on purpose: \d+ CRDs from the charts' crds folders; they go with the cluster\n/);
  expect(lines).toMatch(/simulated: AWS \(.*ec2, .*eks, .*iam, .*\) in moto; /);

  // The token was in its Secret while the stack was up, and is in no file of the whole run but the API server's store.
  const [values] = await Promise.all(secrets.mock.results.map(({ value }) => value as Promise<Record<string, string>>));
  const token = values?.[TOKEN] ?? "";
  expect(token).toMatch(/^placeholder-[0-9a-f]{16}$/);
  const files = findLeaks([on.dir], { token }).map(({ file }) => relative(on?.dir ?? "", file));
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) expect(file).toMatch(STORE);
});
