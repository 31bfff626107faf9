import { z } from "zod";
import { ENGINE_NAMES } from "../components/engines";
import { GPU_NAMES } from "../planner/gpus";
import { DEFAULT_KUBERNETES, EKS_STANDARD_SUPPORT_ENDS } from "../planner/kubernetes-versions";
import { cronDays, isTimeZone, minutesOfDay } from "../planner/schedule";
import { checked, cidr, dnsLabel, duration, emailAddress, gib, oneOrMore, text, tokens } from "./config-types";

/*
 * Everything a user sets, and the only place a setting is declared. Rules that need two settings are in config-rules.ts.
 */

const reservationId = () => text(/^cr-[0-9a-f]{8,17}$/, 'a capacity reservation id such as "cr-0123456789abcdef0"');
const zone = () => text(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'an availability zone such as "us-east-1a"');

const cluster = z.union([
  z.strictObject({
    kubernetes: z
      .enum(Object.keys(EKS_STANDARD_SUPPORT_ENDS) as [string, ...string[]])
      .default(DEFAULT_KUBERNETES)
      .describe("Kubernetes minor version of EKS, in quotes."),
    zones: z
      .array(zone())
      .min(2)
      .max(3)
      .describe("Two or three availability zones of the region; GPU nodes may start in any of them."),
    apiAccess: z
      .strictObject({
        cidrs: z
          .array(cidr())
          .describe("Public IPv4 ranges that may reach the API endpoint: those of the machines that run pulumi."),
      })
      .default({ cidrs: [] })
      .describe("Without a range the API endpoint is reachable from inside the VPC alone."),
    admins: z
      .array(text(/^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/.+$/, "the ARN of an IAM role or user"))
      .default([])
      .describe("IAM roles or users that administer the cluster, besides the one that creates it."),
  }),
  z.strictObject({
    adopt: z.strictObject({
      context: z
        .string()
        .min(1)
        .describe("Name of the kubeconfig context of a cluster that has GPU nodes and a device plugin."),
    }),
  }),
]);

const network = z.union([
  z.strictObject({
    cidr: cidr().default("10.40.0.0/16").describe("Range of the VPC, /16 to /20."),
    nat: z
      .enum(["one", "per-zone"])
      .default("one")
      .describe("One NAT gateway, or one in each zone so that a lost zone cuts nobody else off."),
  }),
  z.strictObject({
    adopt: z.strictObject({
      vpcId: text(/^vpc-[0-9a-f]{8,17}$/, 'a VPC id such as "vpc-0123456789abcdef0"').describe(
        "Your VPC; nothing in it is changed.",
      ),
      subnetIds: z
        .array(text(/^subnet-[0-9a-f]{8,17}$/, 'a subnet id such as "subnet-0123456789abcdef0"'))
        .min(2)
        .describe("Private subnets in at least two zones, with a way out to the internet."),
      publicSubnetIds: z
        .array(text(/^subnet-[0-9a-f]{8,17}$/, 'a subnet id such as "subnet-0123456789abcdef0"'))
        .default([])
        .describe("Public subnets for the load balancer of a public endpoint."),
    }),
  }),
]);

const gpuPool = z.union([
  z.strictObject({
    gpu: z.enum(GPU_NAMES).describe("GPU model of the pool."),
    gpusPerNode: z.int().min(1).max(8).default(1).describe("GPUs of one node; a replica never spans nodes."),
    capacity: z
      .array(z.enum(["reserved", "on-demand", "spot"]))
      .default(["on-demand"])
      .describe("Kinds of capacity in the order to try them."),
    steadyNodes: z.int().min(0).max(100).default(0).describe("Nodes that always run, beside the elastic ones."),
    capacityBlock: z
      .strictObject({
        id: reservationId().describe("Capacity block that the steady nodes run in."),
        zone: zone().describe("Its availability zone; nodes start in no other."),
      })
      .optional(),
    instanceTypes: z
      .array(z.string())
      .min(1)
      .optional()
      .describe("EC2 types to choose from. Default: all with this GPU and GPU count."),
    maxGpus: z
      .int()
      .min(0)
      .max(1000)
      .describe("Upper limit of elastic GPUs of each step in `capacity`; together the pools are capped by their sum."),
    reservationIds: z.array(reservationId()).default([]).describe("Capacity reservations that `reserved` draws on."),
    emptyFor: duration(0).prefault("5m").describe("How long a node without a GPU pod stays."),
    disk: gib().prefault("200Gi").describe("Root volume of a node; an engine image needs 60Gi at least."),
  }),
  z.strictObject({
    gpu: z.enum(GPU_NAMES).describe("GPU model of the nodes."),
    gpusPerNode: z.int().min(1).max(8).default(1).describe("GPUs of one node."),
    nodeSelector: z.record(z.string(), z.string()).describe("Labels of the nodes (only with cluster.adopt)."),
    allocatable: z
      .strictObject({
        cpu: z.number().positive().describe("CPU cores."),
        memory: gib().describe("Memory, for example 28Gi."),
      })
      .describe("What pods can request on one of these nodes."),
  }),
]);

const officeHours = z.strictObject({
  days: checked((days) => cronDays(days) !== undefined, 'a day or a range such as "mon-fri"').describe(
    "Day or range of days, for example mon-fri.",
  ),
  from: checked((time) => minutesOfDay(time) !== undefined, 'a time such as "08:00"').describe(
    "Local time, HH:MM, on which the floor begins.",
  ),
  to: checked((time) => minutesOfDay(time) !== undefined, 'a time such as "18:00"').describe(
    "Local time, HH:MM, at which it ends.",
  ),
  timezone: checked(isTimeZone, 'an IANA time zone such as "Europe/Berlin"').describe(
    "IANA time zone; daylight saving follows it, but for hours that begin or end between midnight and 4:00 on the day of a change, and in Australia/Lord_Howe in the week before summer time (KEDA's cron).",
  ),
  replicas: z.int().min(1).describe("Replicas kept in these hours."),
});

const model = z.strictObject({
  source: text(
    /^(hf:\/\/[\w.-]+\/[\w.-]+@[0-9a-f]{40}|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/[\w.-][\w./-]*)$/,
    'hf://owner/name@<40-digit commit> or s3://bucket/prefix (a branch such as "main" moves, so a commit is asked for)',
  ).describe("Weights: a Hugging Face repository at a commit, or a prefix in S3."),
  engine: z.enum(ENGINE_NAMES).default("vllm").describe("Inference engine."),
  quantization: z
    .enum(["fp8", "awq", "gptq", "compressed-tensors"])
    .optional()
    .describe("Quantization. Default: as in the model's own config."),
  contextLength: tokens().describe("Longest prompt plus answer, in tokens, for example 32k."),
  gpu: oneOrMore(z.enum(GPU_NAMES)).describe("GPU models to run on, in the order to try them."),
  gpusPerReplica: z
    .int()
    .min(1)
    .max(8)
    .default(1)
    .describe(
      "GPUs of one replica, which is its tensor parallel size. Left out: the fewest that fit, of a model the planner knows.",
    ),
  replicas: z
    .strictObject({
      min: z.int().min(0).default(0).describe("Replicas that always run; 0 sleeps when idle."),
      max: z.int().min(1).max(100).default(1).describe("Replicas at most."),
    })
    .prefault({}),
  idleAfter: duration(1).prefault("10m").describe("Time without a request after which the last replica goes."),
  schedule: z.array(officeHours).default([]).describe("Hours in which a floor of replicas is kept."),
  targetConcurrency: z.int().min(1).max(1024).default(16).describe("Requests one replica is meant to serve at a time."),
  longestGeneration: duration(1).prefault("5m").describe("Longest answer that a drain waits for."),
  hold: duration(1)
    .optional()
    .describe("How long a request may wait for the model to wake. Default: cold start, drain and a margin."),
  price: z
    .strictObject({
      input: z.number().min(0).describe("US dollars per million prompt tokens, charged against a key's budget."),
      output: z.number().min(0).describe("US dollars per million generated tokens."),
    })
    .optional(),
  engineArgs: z
    .array(text(/^--[a-z0-9][a-z0-9-]*(=.*)?$/, 'a flag such as "--max-num-seqs=64"'))
    .default([])
    .describe("Flags added to the engine's own, for example --max-num-seqs=64."),
});

const endpoint = z.strictObject({
  exposure: z.enum(["public", "internal"]).default("internal").describe("Load balancer in public or private subnets."),
  domain: text(/^([a-z0-9-]+\.)+[a-z]{2,}$/, 'a domain name such as "llm.example.com"')
    .optional()
    .describe("Host name of the endpoint; turns TLS on."),
  zone: text(/^([a-z0-9-]+\.)+[a-z]{2,}$/, 'a zone name such as "example.com"')
    .optional()
    .describe("Route 53 zone that holds the domain."),
  allowedCidrs: z
    .array(cidr())
    .default([])
    .describe("IPv4 ranges that may reach the endpoint. Default for internal: the VPC."),
});

const gateway = z.strictObject({
  database: z
    .enum(["rds", "none"])
    .default("none")
    .describe("rds: keys, budgets and usage in Postgres. none: keys from a Secret, see `gateway.keys`."),
  databaseMultiZone: z.boolean().default(false).describe("A standby of the database in a second zone."),
  replicas: z.int().min(1).max(20).default(1).describe("Gateway pods."),
  keys: z
    .array(dnsLabel())
    .default([])
    .describe("Names of keys beside the one of output `apiKey`, in output `apiKeys` (only without a database)."),
});

const drivers = z.strictObject({
  from: z
    .enum(["ami", "operator"])
    .default("ami")
    .describe("ami: driver in the node image. operator: installed by the GPU Operator."),
  version: z.string().optional().describe("Image release (ami, for example v20251108) or driver version (operator)."),
});

const spend = z.strictObject({
  lease: duration(300)
    .optional()
    .describe(
      "Time after which GPU capacity is switched off, from the first check or a wake; npm run lease extends it. Default: no lease.",
    ),
  limit: z
    .number()
    .min(0.01)
    .optional()
    .describe(
      "US dollars an hour of running GPU instances, at on-demand prices, past which GPU capacity is switched off; at least what one replica of any model takes beside what always runs. Default: all that the pools may start, each node of its pool's dearest type, one more for each step of `capacity`, and steady nodes outside of a capacity block twice, for replacements that run beside what they replace.",
    ),
  idleNode: duration(900)
    .optional()
    .describe(
      "Time without use of its GPUs after which an elastic node is ended from outside of the cluster; none is ended in a pool whose models have a floor (`replicas.min`, `schedule`). At least, and by default if that is more than 2h: the longest `idleAfter` and hold of the models that may land on the pool, its `emptyFor` and 15 minutes together.",
    ),
  unseenNode: duration(3600)
    .optional()
    .describe(
      "Age at which an elastic node is ended whose use nobody publishes, in the same pools as `idleNode` and not before it. Default: with a `lease` 12h, or the time of `idleNode` if that is longer; without a lease never.",
    ),
  monthlyBudget: z
    .number()
    .min(0.01)
    .optional()
    .describe(
      "US dollars a month of which AWS Budgets tells at 80 % forecast and 100 % spent, hours late. Activate `pilotlight:stack` as a cost allocation tag first (Billing console), or it counts nothing.",
    ),
  emails: z
    .array(emailAddress())
    .max(10)
    .default([])
    .describe("Addresses that are told: of a switch-off, of the guard's own alarms, of the budget."),
});

/** Prefixes of tags that AWS, EKS, Karpenter and the kit set themselves. */
const RESERVED_TAGS = /^(aws:|eks:|pilotlight:|kubernetes\.io\/cluster\/|karpenter\.sh\/|karpenter\.k8s\.aws\/)/i;
/** What AWS allows, without the comma and equals sign that part the load balancer's tags from each other. */
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/+\-@]*$/u;

const tagKey = () =>
  checked(
    (key) => TAG_TEXT.test(key) && key.length >= 1 && key.length <= 128 && !RESERVED_TAGS.test(key),
    "a tag's key: at most 128 letters, digits, spaces and _.:/+-@, none of the beginnings that others have (aws:, eks:, pilotlight:, karpenter.sh/)",
  );
const tagValue = () =>
  checked(
    (value) => TAG_TEXT.test(value) && value.length <= 256,
    "a tag's value: at most 256 letters, digits, spaces and _.:/+-@",
  );

/** The stack file's `pilotlight:` settings; what is missing here has a default. */
export const stackSchema = z.strictObject({
  cluster,
  network: network.prefault({}),
  gpuPools: z.record(dnsLabel(), gpuPool),
  models: z.record(dnsLabel(), model),
  endpoint: endpoint.prefault({}),
  gateway: gateway.prefault({}),
  drivers: drivers.prefault({}),
  spend: spend.prefault({}),
  tags: z.record(tagKey(), tagValue()).default({}).describe("Tags of every AWS resource."),
  permissionsBoundary: text(/^arn:aws[a-z-]*:iam::\d{12}:policy\/.+$/, "the ARN of an IAM policy")
    .optional()
    .describe("Boundary of every role."),
  huggingFaceToken: z.string().optional().describe("Token for gated models; set it with `pulumi config set --secret`."),
});

export type StackConfig = z.output<typeof stackSchema>;
/** A stack whose cluster the kit makes. */
export type OwnStack = StackConfig & { cluster: Exclude<StackConfig["cluster"], { adopt: unknown }> };
/** A stack on a cluster that is there already. */
export type AdoptedStack = StackConfig & { cluster: Extract<StackConfig["cluster"], { adopt: unknown }> };
export type ModelConfig = StackConfig["models"][string];
export type GpuPoolConfig = StackConfig["gpuPools"][string];
export type EksPoolConfig = Exclude<GpuPoolConfig, { nodeSelector: unknown }>;
export type AdoptedPoolConfig = Extract<GpuPoolConfig, { nodeSelector: unknown }>;
