import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseStack } from "../../stacks/config-read";
import { AROUND, changed, faults, ofProject, type Right, right, stackFile, told } from "./config-harness";

describe("stack files", () => {
  const names = ["dev", "staging", "prod", "rehearsal"];

  test.each(names)("%s lacks one thing: the addresses of one's own machines", (name) => {
    const { config } = parse(readFileSync(join(__dirname, `../../stacks/Pulumi.${name}.yaml`), "utf8"));
    expect(told(ofProject(config))).toEqual([
      "cluster.apiAccess.cidrs[0]: 203.0.113.0/24 is for examples and nobody's (RFC 5737); put the addresses of the machines that run pulumi there; yours now: curl https://checkip.amazonaws.com",
    ]);
  });

  test.each(names)("%s is right with them", (name) => {
    expect(told(stackFile(name))).toEqual([]);
  });

  test.each(["dev", "staging", "prod"])("%s has a place for the addresses of who is told", (name) => {
    const text = readFileSync(join(__dirname, `../../stacks/Pulumi.${name}.yaml`), "utf8");
    const { config } = parse(text.replace(/^( +)# (pilotlight:spend:| {2}emails:|emails:)/gm, "$1$2"));
    const settings: Record<string, unknown> = { ...stackFile(name), spend: config["pilotlight:spend"] };
    expect(settings.spend).toMatchObject({ emails: ["you@example.com"] });
    expect(told(settings)).toEqual([]);
  });

  test("they differ the way real environments do", () => {
    const read = (name: string) => parseStack(stackFile(name), AROUND);
    const [dev, staging, prod] = [read("dev"), read("staging"), read("prod")];
    expect([dev, staging, prod].map(({ network }) => "nat" in network && network.nat)).toEqual([
      "one",
      "one",
      "per-zone",
    ]);
    expect([dev, staging, prod].map(({ gateway }) => gateway.database)).toEqual(["none", "rds", "rds"]);
    expect([dev, staging, prod].map(({ endpoint }) => endpoint.exposure)).toEqual(["internal", "public", "public"]);
    const first = (stack: typeof dev) =>
      Object.values(stack.gpuPools).map((pool) => "capacity" in pool && pool.capacity[0]);
    expect([first(dev), first(staging), first(prod)]).toEqual([
      ["spot"],
      ["on-demand", "on-demand"],
      ["on-demand", "on-demand"],
    ]);
    for (const stack of [dev, staging, prod])
      for (const model of Object.values(stack.models)) expect(model.replicas.min).toBe(0);
    expect(Object.values(prod.models).flatMap(({ schedule }) => schedule)).toHaveLength(1);
  });
});

test("what is left out has a default", () => {
  const config = parseStack(
    { cluster: { zones: ["us-east-1a", "us-east-1b"] }, gpuPools: right().gpuPools, models: right().models },
    AROUND,
  );
  expect(config.cluster).toMatchObject({ kubernetes: "1.35", apiAccess: { cidrs: [] }, admins: [] });
  expect(config.network).toEqual({ cidr: "10.40.0.0/16", nat: "one" });
  expect(config.endpoint).toEqual({ exposure: "internal", allowedCidrs: [] });
  expect(config.gateway).toEqual({ database: "none", databaseMultiZone: false, replicas: 1, keys: [] });
  expect(config.models.qwen).toMatchObject({
    engine: "vllm",
    contextLength: 32768,
    gpu: ["l40s"],
    gpusPerReplica: 1,
    replicas: { min: 0, max: 1 },
    idleAfter: 600,
    targetConcurrency: 16,
    longestGeneration: 300,
  });
  expect(config.gpuPools.l40s).toMatchObject({
    gpusPerNode: 1,
    capacity: ["on-demand"],
    steadyNodes: 0,
    emptyFor: 300,
    disk: 200,
  });
});

describe("one fault each", () => {
  const cases: [string, (config: Right) => void, string][] = [
    [
      "a GPU that AWS has not",
      (c) => {
        c.gpuPools.l40s = { gpu: "a10", maxGpus: 2 };
      },
      'gpuPools.l40s.gpu: "a10" is not one of a10g, l4, l40s, a100, a100-80gb, h100, h200, rtx-pro-6000, b200; did you mean "a10g"? (AWS has the A10G, not the A10)',
    ],
    [
      "an instance family for a GPU",
      (c) => {
        c.gpuPools.l40s = { gpu: "p5", maxGpus: 2 };
      },
      'gpuPools.l40s.gpu: "p5" is not one of a10g, l4, l40s, a100, a100-80gb, h100, h200, rtx-pro-6000, b200; did you mean "h100"? (p5 is the instance family; a pool names the GPU)',
    ],
    [
      "a misspelt setting",
      (c) => {
        c.models.qwen = { ...c.models.qwen, idelAfter: "5m" };
      },
      'models.qwen.idelAfter: there is no such setting; did you mean "idleAfter"?',
    ],
    [
      "a setting far from any",
      (c) => {
        c.gateway.postgresVersion = 17;
      },
      "gateway.postgresVersion: there is no such setting; known here: database, databaseMultiZone, replicas, keys",
    ],
    [
      "a section that is missing",
      (c) => {
        Reflect.deleteProperty(c, "cluster");
      },
      "cluster: is required",
    ],
    [
      "a key of a pool in a union",
      (c) => {
        c.gpuPools.l40s = { gpu: "l40s", maxGPUs: 2, maxGpus: 2 };
      },
      'gpuPools.l40s.maxGPUs: there is no such setting; did you mean "maxGpus"?',
    ],
    [
      "a branch instead of a commit",
      (c) => {
        c.models.qwen = { ...c.models.qwen, source: "hf://Qwen/Qwen3-8B@main" };
      },
      'models.qwen.source: "hf://Qwen/Qwen3-8B@main" is not hf://owner/name@<40-digit commit> or s3://bucket/prefix (a branch such as "main" moves, so a commit is asked for)',
    ],
    [
      "a duration without a unit",
      (c) => {
        c.models.qwen = { ...c.models.qwen, idleAfter: 600 };
      },
      'models.qwen.idleAfter: 600 is not a duration such as "90s", "10m" or "1h30m" (units: s, m, h, d)',
    ],
    [
      "a wrong type",
      (c) => {
        c.gateway.replicas = "two";
      },
      'gateway.replicas: "two" is not of type number',
    ],
    [
      "a number out of range",
      (c) => {
        c.gateway.replicas = 0;
      },
      "gateway.replicas: 0 is too small: at least 1",
    ],
    [
      "one zone",
      (c) => {
        c.cluster.zones = ["us-east-1a"];
      },
      'cluster.zones: ["us-east-1a"] is too short: at least 2',
    ],
    [
      "a zone of another region",
      (c) => {
        c.cluster.zones = ["us-east-1a", "eu-west-1b"];
      },
      "cluster.zones[1]: eu-west-1b is not in aws:region us-east-1; use for example us-east-1a",
    ],
    [
      "a zone twice",
      (c) => {
        c.cluster.zones = ["us-east-1a", "us-east-1a"];
      },
      "cluster.zones[1]: us-east-1a is named twice; name each zone once",
    ],
    [
      "an unknown Kubernetes",
      (c) => {
        c.cluster.kubernetes = "1.3";
      },
      'cluster.kubernetes: "1.3" is not one of 1.34, 1.35; did you mean "1.34"?',
    ],
    [
      "a range that is too small",
      (c) => {
        c.network.cidr = "10.0.0.0/24";
      },
      "network.cidr: 10.0.0.0/24 is a /24; the kit divides a /16 to /20 among its subnets",
    ],
    [
      "a range that is none",
      (c) => {
        c.network.cidr = "10.0.0.0";
      },
      'network.cidr: "10.0.0.0" is not an IPv4 range such as "203.0.113.0/24"',
    ],
    [
      "a GPU count no type has",
      (c) => {
        c.gpuPools.l40s = { gpu: "l40s", gpusPerNode: 2, maxGpus: 2 };
      },
      "gpuPools.l40s.gpusPerNode: no EC2 type has 2 × l40s; possible: 1, 4, 8",
    ],
    [
      "a type with another GPU",
      (c) => {
        c.gpuPools.l40s = { gpu: "l40s", maxGpus: 2, instanceTypes: ["g5.xlarge"] };
      },
      "gpuPools.l40s.instanceTypes[0]: g5.xlarge has 1 × a10g, the pool asks for 1 × l40s; fitting: g6e.xlarge, g6e.2xlarge, g6e.4xlarge, g6e.8xlarge, g6e.16xlarge",
    ],
    [
      "a type that does not exist",
      (c) => {
        c.gpuPools.l40s = { gpu: "l40s", maxGpus: 2, instanceTypes: ["g6e.3xlarge"] };
      },
      'gpuPools.l40s.instanceTypes[0]: g6e.3xlarge is not an instance type this kit knows; did you mean "g6e.xlarge"?; fitting: g6e.xlarge, g6e.2xlarge, g6e.4xlarge, g6e.8xlarge, g6e.16xlarge',
    ],
    [
      "a pool nobody uses",
      (c) => {
        Object.assign(c.gpuPools, { h100: { gpu: "h100", maxGpus: 1 } });
      },
      "gpuPools.h100: no model runs on 1 × h100 nodes; remove the pool, or name h100 in a model's gpu",
    ],
    [
      "a pool without nodes",
      (c) => {
        c.gpuPools.l40s = { gpu: "l40s", maxGpus: 0 };
      },
      "gpuPools.l40s.maxGpus: 0 with steadyNodes 0 is a pool without a node; raise one, or remove the pool",
    ],
    [
      "part of a node",
      (c) => {
        c.gpuPools.l40s = { gpu: "l40s", gpusPerNode: 4, maxGpus: 6 };
      },
      "gpuPools.l40s.maxGpus: 6 is not a multiple of gpusPerNode 4; a node comes with all its GPUs",
    ],
    [
      "no kind of capacity",
      (c) => {
        c.gpuPools.l40s = { gpu: "l40s", maxGpus: 2, capacity: [] };
      },
      "gpuPools.l40s.capacity: is empty, but maxGpus allows elastic nodes; name on-demand or spot",
    ],
    [
      "a kind of capacity twice",
      (c) => {
        c.gpuPools.l40s = { gpu: "l40s", maxGpus: 2, capacity: ["spot", "spot"] };
      },
      "gpuPools.l40s.capacity: spot, spot names a kind twice",
    ],
    [
      "reserved without a reservation",
      (c) => {
        c.gpuPools.l40s = { gpu: "l40s", maxGpus: 2, capacity: ["reserved"] };
      },
      "gpuPools.l40s.reservationIds: and capacity `reserved` go together; name the reservations, or leave both out",
    ],
    [
      "a block without steady nodes",
      (c) => {
        c.gpuPools.l40s = {
          gpu: "l40s",
          maxGpus: 2,
          instanceTypes: ["g6e.xlarge"],
          capacityBlock: { id: "cr-0123456789abcdef0", zone: "us-east-1a" },
        };
      },
      "gpuPools.l40s.capacityBlock: is for steady nodes; set steadyNodes",
    ],
    [
      "a block in a zone that the cluster is not in",
      (c) => {
        c.gpuPools.l40s = {
          gpu: "l40s",
          maxGpus: 0,
          capacity: [],
          steadyNodes: 1,
          instanceTypes: ["g6e.xlarge"],
          capacityBlock: { id: "cr-0123456789abcdef0", zone: "us-east-1f" },
        };
        c.models.qwen = { ...c.models.qwen, replicas: { max: 1 } };
      },
      "gpuPools.l40s.capacityBlock.zone: us-east-1f is not among cluster.zones us-east-1a, us-east-1b; add it there",
    ],
    [
      "a block of several types",
      (c) => {
        c.gpuPools.h200 = {
          gpu: "h200",
          gpusPerNode: 8,
          maxGpus: 0,
          capacity: [],
          steadyNodes: 1,
          capacityBlock: { id: "cr-0123456789abcdef0", zone: "us-east-1a" },
        };
        c.models.qwen = { ...c.models.qwen, gpu: ["l40s", "h200"] };
      },
      "gpuPools.h200.instanceTypes: has to name the one type of the capacity block; possible: p5en.48xlarge, p5e.48xlarge",
    ],
    [
      "a bucket without a prefix",
      (c) => {
        c.models.qwen = { ...c.models.qwen, source: "s3://my-weights//" };
      },
      'models.qwen.source: "s3://my-weights//" is not hf://owner/name@<40-digit commit> or s3://bucket/prefix (a branch such as "main" moves, so a commit is asked for)',
    ],
    [
      "steady nodes with the operator's driver",
      (c) => {
        c.gpuPools.l40s = { gpu: "l40s", maxGpus: 2, steadyNodes: 1 };
        c.drivers = { from: "operator", version: "580.95.05" };
      },
      "gpuPools.l40s.steadyNodes: steady nodes boot the Amazon Linux image, which brings its own driver; set drivers.from to ami, or steadyNodes to 0",
    ],
    [
      "a model called like the gateway",
      (c) => {
        c.models = { gateway: c.models.qwen } as never;
      },
      'models.gateway: "gateway" is a name that the kit\'s own objects have beside the models; choose another',
    ],
    [
      "a small disk",
      (c) => {
        c.gpuPools.l40s = { gpu: "l40s", maxGpus: 2, disk: "20Gi" };
      },
      "gpuPools.l40s.disk: 20Gi is too small for an engine image; use at least 60Gi",
    ],
    [
      "a GPU without a pool",
      (c) => {
        c.models.qwen = { ...c.models.qwen, gpu: ["l40s", "h100"] };
      },
      "models.qwen.gpu[1]: no pool has h100; add one to gpuPools, or use one of: l40s",
    ],
    [
      "a replica larger than a node",
      (c) => {
        Object.assign(c.models, { big: { ...c.models.qwen, gpusPerReplica: 4 } });
      },
      "models.big.gpusPerReplica: 4 GPUs do not fit a node of any l40s pool (at most 1); a replica never spans nodes",
    ],
    [
      "more replicas than GPUs",
      (c) => {
        c.models.qwen = { ...c.models.qwen, replicas: { max: 3 } };
      },
      "models.qwen.replicas.max: 3 replicas × 1 GPUs need 3 GPUs, and its pools allow 2; raise maxGpus or lower max",
    ],
    [
      "min above max",
      (c) => {
        c.models.qwen = { ...c.models.qwen, replicas: { min: 2, max: 1 } };
      },
      "models.qwen.replicas: min 2 is above max 1",
    ],
    [
      "a floor over midnight",
      (c) => {
        c.models.qwen = {
          ...c.models.qwen,
          schedule: [{ days: "mon", from: "22:00", to: "06:00", timezone: "UTC", replicas: 1 }],
        };
      },
      "models.qwen.schedule[0]: from 22:00 is not before to 06:00; a floor over midnight takes two entries",
    ],
    [
      "a floor above the ceiling",
      (c) => {
        c.models.qwen = {
          ...c.models.qwen,
          schedule: [{ days: "mon", from: "06:00", to: "22:00", timezone: "UTC", replicas: 2 }],
        };
      },
      "models.qwen.schedule[0].replicas: 2 is above replicas.max 1",
    ],
    [
      "an unknown time zone",
      (c) => {
        c.models.qwen = {
          ...c.models.qwen,
          schedule: [{ days: "mon", from: "06:00", to: "22:00", timezone: "Berlin", replicas: 1 }],
        };
      },
      'models.qwen.schedule[0].timezone: "Berlin" is not an IANA time zone such as "Europe/Berlin"',
    ],
    [
      "a hold that is too short",
      (c) => {
        c.models.qwen = { ...c.models.qwen, hold: "2m" };
      },
      "models.qwen.hold: a hold of 120 s ends before the cold start of about 271 s does; set hold to at least 330s",
    ],
    [
      "a hold that Envoy refuses",
      (c) => {
        c.models.qwen = { ...c.models.qwen, longestGeneration: "1m", hold: "1h" };
      },
      "models.qwen.hold: a hold of 3600 s needs an Envoy message timeout of 3630 s, and Envoy allows 3600 s; set hold to at most 3570s",
    ],
    [
      "public without TLS",
      (c) => {
        c.endpoint = { exposure: "public", allowedCidrs: ["0.0.0.0/0"] };
      },
      "endpoint.domain: a public endpoint without TLS would send keys and prompts in clear; set domain and zone, or exposure: internal",
    ],
    [
      "public without an allow-list",
      (c) => {
        c.endpoint = { exposure: "public", domain: "llm.example.com", zone: "example.com" };
      },
      "endpoint.allowedCidrs: a public endpoint needs the ranges that may reach it; name them, or set exposure: internal",
    ],
    [
      "a domain without its zone",
      (c) => {
        c.endpoint = { domain: "llm.example.com" };
      },
      "endpoint.zone: domain and zone go together: the certificate is proved in that zone",
    ],
    [
      "a domain of another zone",
      (c) => {
        c.endpoint = { domain: "llm.example.org", zone: "example.com" };
      },
      "endpoint.domain: llm.example.org is not in zone example.com",
    ],
    [
      "operator without a driver",
      (c) => {
        c.drivers = { from: "operator" };
      },
      'drivers.version: is required with from: operator; name a driver branch and release such as "580.95.05"',
    ],
    [
      "a node selector on EKS",
      (c) => {
        c.gpuPools.l40s = { gpu: "l40s", nodeSelector: { a: "b" }, allocatable: { cpu: 4, memory: "28Gi" } };
      },
      "gpuPools.l40s.nodeSelector: is for cluster.adopt alone; here the kit makes the nodes and their labels",
    ],
    [
      "no model",
      (c) => {
        c.models = {} as Right["models"];
        c.gpuPools = {} as Right["gpuPools"];
      },
      "models: is empty; name at least one model to serve",
    ],
    [
      "a model name that is no DNS label",
      (c) => {
        c.models = { Qwen_3: c.models.qwen } as unknown as Right["models"];
      },
      'models.Qwen_3: "Qwen_3" is not a name of at most 40 lower-case letters, digits and dashes that starts with a letter',
    ],
    [
      "an engine flag that is none",
      (c) => {
        c.models.qwen = { ...c.models.qwen, engineArgs: ["max-num-seqs 64"] };
      },
      'models.qwen.engineArgs[0]: "max-num-seqs 64" is not a flag such as "--max-num-seqs=64"',
    ],
  ];
  test.each(cases)("%s", (_, change, message) => {
    expect(told(changed(change))).toEqual([message]);
  });

  test("a region that is not set", () => {
    expect(told(right(), { region: undefined })).toEqual([
      "aws:region: is not set; set it with: pulumi config set aws:region us-east-1",
    ]);
  });

  test("an ended Kubernetes, unless the stack runs already", () => {
    const config = changed((c) => {
      c.cluster.kubernetes = "1.34";
    });
    expect(told(config, { today: "2027-01-15" })).toEqual([
      "cluster.kubernetes: EKS ended standard support of 1.34 on 2026-12-02; supported on 2027-01-15: 1.35; a new cluster needs one of these",
    ]);
    expect(told(config, { today: "2027-01-15", running: true })).toEqual([]);
  });

  test("a boundary that is no policy", () => {
    expect(told({ ...right(), permissionsBoundary: "admin" })).toEqual([
      'permissionsBoundary: "admin" is not the ARN of an IAM policy',
    ]);
  });
});

test("five faults in five places are told in one message, schema and rules together", () => {
  const config = changed((c) => {
    c.gpuPools.l40s = { gpu: "l40", maxGpus: 2 };
    c.models.qwen = { ...c.models.qwen, idleAfter: "soon", replicas: { min: 3, max: 1 } };
    c.endpoint = { exposure: "public", domain: "llm.example.com", zone: "example.com" };
    c.cluster.zones = ["us-east-1a", "us-west-2b"];
  });
  expect(faults(config)).toHaveLength(5);
  expect(() => parseStack(config, AROUND)).toThrow(
    /^The stack's configuration has 5 faults; nothing was created\.\n {2}✖ /,
  );
});

describe("one fault hides no other", () => {
  const NAME = "is not a name of at most 40 lower-case letters, digits and dashes that starts with a letter";

  test("what stands under a wrong name is judged: its values, its keys and the rules", () => {
    const config = changed((c) => {
      c.models = {
        "llama-3.2": { ...c.models.qwen, idleAfter: "5y", idelAfter: "5m", replicas: { min: 2, max: 1 } },
      } as unknown as Right["models"];
      c.gpuPools = { L40S: { gpu: "l40s", gpusPerNode: 2, maxGpus: 2 } };
    });
    expect(told(config)).toEqual([
      `gpuPools.L40S: "L40S" ${NAME}`,
      `models.llama-3.2: "llama-3.2" ${NAME}`,
      'models.llama-3.2.idleAfter: "5y" is not a duration such as "90s", "10m" or "1h30m" (units: s, m, h, d)',
      'models.llama-3.2.idelAfter: there is no such setting; did you mean "idleAfter"?',
      "gpuPools.L40S.gpusPerNode: no EC2 type has 2 × l40s; possible: 1, 4, 8",
      "models.llama-3.2.replicas: min 2 is above max 1",
    ]);
  });

  test("under a pool with a wrong name the planner still chooses how many GPUs a replica has", () => {
    const config = changed((c) => {
      c.gpuPools = { L40S: { gpu: "l40s", gpusPerNode: 4, maxGpus: 4 } };
      c.models.qwen = {
        ...c.models.qwen,
        source: "hf://Qwen/Qwen3-32B@9216db5781bf21249d130ec9da846c4624c16137",
        contextLength: "16k",
      };
    });
    expect(told(config)).toEqual([`gpuPools.L40S: "L40S" ${NAME}`]);
  });

  test("a setting that cannot be read hides nothing of another whose name only begins alike", () => {
    const config = changed((c) => {
      c.models = {
        qwen: 5,
        "qwen-large": { ...c.models.qwen, replicas: { min: 2, max: 1 } },
      } as unknown as Right["models"];
    });
    expect(told(config)).toEqual([
      "models.qwen: 5 is not of type object",
      "models.qwen-large.replicas: min 2 is above max 1",
    ]);
  });

  test("nor is a standby missed beside a database that cannot be read", () => {
    expect(
      told(
        changed((c) => {
          c.gateway = { database: "postgres", databaseMultiZone: true };
        }),
      ),
    ).toEqual(['gateway.database: "postgres" is not one of rds, none']);
  });

  test("text in the place of a list is one fault, with what to write", () => {
    const config = changed((c) => {
      c.cluster.zones = "us-east-1a";
      c.cluster.apiAccess = { cidrs: "198.18.0.0/24" };
    });
    expect(told(config)).toEqual([
      'cluster.zones: "us-east-1a" is not a list; write [us-east-1a]',
      'cluster.apiAccess.cidrs: "198.18.0.0/24" is not a list; write ["198.18.0.0/24"]',
    ]);
  });
});
