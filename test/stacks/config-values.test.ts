import { describe, expect, test } from "vitest";
import { ENGINES } from "../../components/engines";
import { canonicalRange, isWithin } from "../../stacks/config-ranges";
import { changed, type Right, told } from "./config-harness";

type Case = [string, (config: Right) => void, string];

const model = (settings: Record<string, unknown>) => (config: Right) => {
  config.models.qwen = { ...config.models.qwen, ...settings };
};
const pool = (settings: Record<string, unknown>) => (config: Right) => {
  config.gpuPools.l40s = { ...config.gpuPools.l40s, ...settings };
};
const apiCidrs =
  (...cidrs: string[]) =>
  (config: Right) => {
    config.cluster.apiAccess = { cidrs };
  };
const drivers = (settings: Record<string, unknown>) => (config: Right) => {
  config.drivers = settings;
};

const YOURS = "put the addresses of the machines that run pulumi there; yours now: curl https://checkip.amazonaws.com";
const KEY =
  "is not a tag's key: at most 128 letters, digits, spaces and _.:/+-@, none of the beginnings that others have (aws:, eks:, pilotlight:, karpenter.sh/)";

const cases: Case[] = [
  [
    "no time to answer",
    model({ longestGeneration: "0s" }),
    'models.qwen.longestGeneration: "0s" is too small: at least 1s',
  ],
  ["no time to be idle", model({ idleAfter: "0m" }), 'models.qwen.idleAfter: "0m" is too small: at least 1s'],
  ["no hold", model({ hold: "0s" }), 'models.qwen.hold: "0s" is too small: at least 1s'],
  [
    "a time that no field holds",
    model({ idleAfter: "24856d" }),
    'models.qwen.idleAfter: "24856d" is too big: at most 30d',
  ],
  [
    "a node that stays for years",
    pool({ emptyFor: "99999d" }),
    'gpuPools.l40s.emptyFor: "99999d" is too big: at most 30d',
  ],
  ["no context", model({ contextLength: 0 }), "models.qwen.contextLength: 0 is too small: at least 2"],
  [
    "a context like none",
    model({ contextLength: "99999k" }),
    'models.qwen.contextLength: "99999k" is too big: at most 16777216',
  ],
  ["a size without a unit", pool({ disk: 200 }), 'gpuPools.l40s.disk: 200 is not a size such as "200Gi"'],
  ["a disk that EBS has not", pool({ disk: "65Ti" }), 'gpuPools.l40s.disk: "65Ti" is too big: at most 65536Gi'],
  [
    "a version without quotes",
    (c) => {
      c.cluster.kubernetes = 1.35;
    },
    'cluster.kubernetes: 1.35 without quotes is a number; write "1.35"',
  ],
  [
    "a GPU called like a method",
    pool({ gpu: "constructor" }),
    'gpuPools.l40s.gpu: "constructor" is not one of a10g, l4, l40s, a100, a100-80gb, h100, h200, rtx-pro-6000, b200',
  ],
  [
    "a type called like a method",
    pool({ instanceTypes: ["toString"] }),
    "gpuPools.l40s.instanceTypes[0]: toString is not an instance type this kit knows; fitting: g6e.xlarge, g6e.2xlarge, g6e.4xlarge, g6e.8xlarge, g6e.16xlarge",
  ],
  [
    "RFC 5737, part of it",
    apiCidrs("198.18.0.0/24", "192.0.2.7/32"),
    `cluster.apiAccess.cidrs[1]: 192.0.2.7/32 is for examples and nobody's (RFC 5737); ${YOURS}`,
  ],
  [
    "RFC 1918",
    apiCidrs("172.31.0.0/16"),
    `cluster.apiAccess.cidrs[0]: 172.31.0.0/16 is private (RFC 1918), and the public endpoint sees public addresses alone; ${YOURS}`,
  ],
  [
    "bits beyond the length",
    apiCidrs("198.18.5.9/24"),
    "cluster.apiAccess.cidrs[0]: 198.18.5.9/24 has bits set beyond its length; write 198.18.5.0/24",
  ],
  [
    "a network that AWS would write otherwise",
    (c) => {
      c.network.cidr = "10.40.7.1/16";
    },
    "network.cidr: 10.40.7.1/16 has bits set beyond its length; write 10.40.0.0/16",
  ],
  [
    "a standby of no database",
    (c) => {
      c.gateway = { databaseMultiZone: true };
    },
    "gateway.databaseMultiZone: is a standby of a database, and there is none; set database: rds, or remove it",
  ],
  [
    "keys of settings beside a database",
    (c) => {
      c.gateway = { database: "rds", keys: ["alice"] };
    },
    "gateway.keys: is for a gateway without a database; with one, keys are made while it runs: npm run key -- create --name NAME",
  ],
  [
    "a second key of one name",
    (c) => {
      c.gateway = { keys: ["alice", "ci", "alice"] };
    },
    'gateway.keys[2]: "alice" is named twice; a name has one key',
  ],
  [
    "the first key again",
    (c) => {
      c.gateway = { keys: ["default"] };
    },
    'gateway.keys[0]: "default" is the key that every gateway has, output apiKey; choose another name',
  ],
  [
    "a name of a key in capitals",
    (c) => {
      c.gateway = { keys: ["Alice"] };
    },
    'gateway.keys[0]: "Alice" is not a name of at most 40 lower-case letters, digits and dashes that starts with a letter',
  ],
  [
    "the latest image",
    drivers({ version: "latest" }),
    'drivers.version: "latest" is not a release of the AL2023 image such as "v20260714", which from: ami asks for',
  ],
  [
    "a driver for an image",
    drivers({ version: "580.95.05" }),
    'drivers.version: "580.95.05" is not a release of the AL2023 image such as "v20260714", which from: ami asks for',
  ],
  [
    "the latest driver",
    drivers({ from: "operator", version: "latest" }),
    'drivers.version: "latest" is not a driver version such as "580.95.05", which from: operator asks for',
  ],
  [
    "an image for a driver",
    drivers({ from: "operator", version: "v20260714" }),
    'drivers.version: "v20260714" is not a driver version such as "580.95.05", which from: operator asks for',
  ],
  ...[
    "a,b",
    "a=b",
    "aws:cost",
    "AWS:cost",
    "pilotlight:stack",
    "karpenter.sh/nodepool",
    "eks:cluster-name",
    "kubernetes.io/cluster/x",
  ].map(
    (key): Case => [
      `the tag ${key}`,
      (c) => {
        c.tags = { [key]: "x" };
      },
      `tags.${key}: ${JSON.stringify(key)} ${KEY}`,
    ],
  ),
  [
    "a tag's value that the load balancer would part",
    (c) => {
      c.tags = { team: "a,b=c" };
    },
    'tags.team: "a,b=c" is not a tag\'s value: at most 256 letters, digits, spaces and _.:/+-@',
  ],
  [
    "a flag of the kit's",
    model({ engineArgs: ["--max-num-seqs=64", "--max-model-len=4096"] }),
    "models.qwen.engineArgs[1]: --max-model-len is set by the kit; set contextLength",
  ],
  [
    "a key of the engine's own",
    model({ engineArgs: ["--api-key=sk-1"] }),
    "models.qwen.engineArgs[0]: --api-key is set by the kit; keys are the gateway's",
  ],
];

test.each(cases)("%s", (_, change, message) => {
  expect(told(changed(change))).toEqual([message]);
});

test.each<[string, (config: Right) => void]>([
  ["a node goes as soon as it is empty", pool({ emptyFor: "0s" })],
  ["an image release", drivers({ version: "v20251108" })],
  ["a driver", drivers({ from: "operator", version: "580.95.05" })],
  ["everybody, which is warned of", apiCidrs("0.0.0.0/0")],
  ["flags that tune", model({ engineArgs: ["--gpu-memory-utilization=0.95", "--max-num-seqs=64"] })],
  [
    "tags in any script",
    (c) => {
      c.tags = { "cost center": "Zürich/7 @night", Équipe: "" };
    },
  ],
])("allowed: %s", (_, change) => {
  expect(told(changed(change))).toEqual([]);
});

describe("flags of the engine", () => {
  const launch = {
    servedName: "qwen",
    contextLength: 4096,
    quantization: "fp8",
    gpus: 2,
    memoryMib: 65536,
    hold: { shutdownTimeoutSeconds: 300 },
    extraArgs: [],
  } as const;
  /** Set by the kit, and a user may set them otherwise: the last one wins. */
  const TUNABLE = ["--gpu-memory-utilization", "--disable-access-log-for-endpoints"];

  test.each([
    { kind: "s3", uri: "s3://store/qwen" } as const,
    { kind: "hub", repository: "Qwen/Qwen3-8B", revision: "0123" } as const,
  ])("what the kit sets ($kind) is refused from a user, or meant to be tuned", (weights) => {
    const set = ENGINES.vllm.args({ ...launch, weights }).flatMap((arg) => /^--[a-z-]+/.exec(arg)?.[0] ?? []);
    expect(set.length).toBeGreaterThan(6);
    expect(set.filter((flag) => !TUNABLE.includes(flag) && !Object.hasOwn(ENGINES.vllm.ownFlags, flag))).toEqual([]);
  });
});

describe("ranges", () => {
  test.each([
    ["10.40.7.1/16", "10.40.0.0/16"],
    ["255.255.255.255/32", "255.255.255.255/32"],
    ["255.255.255.255/1", "128.0.0.0/1"],
    ["1.2.3.4/0", "0.0.0.0/0"],
    ["172.31.255.255/12", "172.16.0.0/12"],
  ])("%s begins with %s", (range, canonical) => {
    expect(canonicalRange(range)).toBe(canonical);
  });

  test("within", () => {
    expect(isWithin("10.1.0.0/16", "10.0.0.0/8")).toBe(true);
    expect(isWithin("10.0.0.0/8", "10.0.0.0/8")).toBe(true);
    expect(isWithin("11.0.0.0/8", "10.0.0.0/8")).toBe(false);
    expect(isWithin("9.255.255.255/32", "10.0.0.0/8")).toBe(false);
    expect(isWithin("0.0.0.0/0", "10.0.0.0/8")).toBe(false);
    expect(isWithin("172.32.0.0/16", "172.16.0.0/12")).toBe(false);
  });
});
