import { describe, expect, test } from "vitest";
import { adopted, COMMIT, told } from "./config-harness";

const ONLY = "has no meaning with cluster.adopt, where the kit creates nothing in AWS; remove it";

test("an adopted cluster needs no region and no AWS", () => {
  expect(told(adopted(), { region: undefined })).toEqual([]);
});

test("nor is anything handed on to AWS there", () => {
  expect(told(adopted(), { aws: { region: "us-east-1", profile: "work" } })).toEqual([`aws:profile: ${ONLY}`]);
});

test("keys have names there too, and rules", () => {
  expect(told({ ...adopted(), gateway: { keys: ["alice", "ci"] } })).toEqual([]);
  expect(told({ ...adopted(), gateway: { keys: ["ci", "ci"] } })).toEqual([
    'gateway.keys[1]: "ci" is named twice; a name has one key',
  ]);
});

test("settings that ask for nothing may stand there", () => {
  const nothing = {
    network: {},
    tags: {},
    endpoint: { exposure: "internal", allowedCidrs: [] },
    gateway: { database: "none", databaseMultiZone: false, replicas: 2 },
    drivers: {},
  };
  expect(told({ ...adopted(), ...nothing })).toEqual([]);
});

describe("what only AWS has is refused, a default written down too", () => {
  test.each([
    ["network", { network: { cidr: "10.40.0.0/16" } }],
    ["network", { network: { nat: "one" } }],
    ["network", { network: { adopt: { vpcId: "vpc-01234567", subnetIds: ["subnet-01234567", "subnet-01234568"] } } }],
    ["permissionsBoundary", { permissionsBoundary: "arn:aws:iam::123456789012:policy/boundary" }],
    ["tags", { tags: { team: "inference" } }],
    ["drivers.from", { drivers: { from: "ami" } }],
    ["drivers.version", { drivers: { version: "v20260714" } }],
    ["endpoint.exposure", { endpoint: { exposure: "public" } }],
    ["endpoint.domain", { endpoint: { domain: "llm.example.com" } }],
    ["endpoint.zone", { endpoint: { zone: "example.com" } }],
    ["endpoint.allowedCidrs", { endpoint: { allowedCidrs: ["198.18.0.0/24"] } }],
    ["gateway.database", { gateway: { database: "rds" } }],
    ["gateway.databaseMultiZone", { gateway: { databaseMultiZone: true } }],
  ])("%s: %j", (path, setting) => {
    expect(told({ ...adopted(), ...setting })).toEqual([`${path}: ${ONLY}`]);
  });

  test("all at once, and a pool that the kit would have to make", () => {
    const config = {
      ...adopted(),
      gpuPools: { l40s: { gpu: "l40s", maxGpus: 2 } },
      endpoint: { exposure: "public", domain: "llm.example.com" },
      gateway: { database: "rds" },
    };
    expect(told(config)).toEqual([
      "gpuPools.l40s: needs a nodeSelector and allocatable with cluster.adopt, where the nodes are yours",
      `endpoint.exposure: ${ONLY}`,
      `endpoint.domain: ${ONLY}`,
      `gateway.database: ${ONLY}`,
    ]);
  });
});

test("weights in S3 ask for credentials that pods have none of there", () => {
  const config = adopted();
  config.models.qwen = { ...config.models.qwen, source: "s3://weights/qwen" };
  expect(told(config)).toEqual([
    "models.qwen.source: s3://weights/qwen asks for AWS credentials, and pods on an adopted cluster are given none; use hf:// there",
  ]);
  config.models.qwen = { ...config.models.qwen, source: `hf://Qwen/Qwen3-8B@${COMMIT}` };
  expect(told(config)).toEqual([]);
});

describe("what a node leaves for a replica", () => {
  const withNode = (cpu: number, memory: string, gpus = 1, perReplica = 1) => {
    const config = adopted();
    config.gpuPools.l40s = { ...config.gpuPools.l40s, gpusPerNode: gpus, allocatable: { cpu, memory } };
    config.models.qwen = { ...config.models.qwen, gpusPerReplica: perReplica };
    return told(config);
  };

  test("too little CPU", () => {
    expect(withNode(1, "100Gi")).toEqual([
      "gpuPools.l40s.allocatable: leaves a replica of qwen (1 of 1 GPUs) 590m CPU and 101504Mi of memory after the node's daemons; it needs at least 1000m, and 4096Mi (2048Mi of it for /dev/shm); use larger nodes",
    ]);
  });

  test("no memory at all", () => {
    expect(withNode(8, "512Mi")).toEqual([
      "gpuPools.l40s.allocatable: leaves a replica of qwen (1 of 1 GPUs) 7590m CPU and 128Mi of memory after the node's daemons; it needs at least 1000m, and 4096Mi (2048Mi of it for /dev/shm); use larger nodes",
    ]);
  });

  test("several GPUs exchange tensors through a larger /dev/shm", () => {
    expect(withNode(64, "20Gi", 4, 2)).toEqual([
      "gpuPools.l40s.allocatable: leaves a replica of qwen (2 of 4 GPUs) 31790m CPU and 9728Mi of memory after the node's daemons; it needs at least 1000m, and 10240Mi (8192Mi of it for /dev/shm); use larger nodes",
    ]);
    expect(withNode(64, "22Gi", 4, 2)).toEqual([]);
  });

  test("the least that works: a core, and 4 GiB", () => {
    expect(withNode(1.41, "5Gi")).toEqual([]);
    expect(withNode(1.4, "5Gi")).toHaveLength(1);
  });
});
