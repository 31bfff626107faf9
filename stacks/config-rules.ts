import { ENGINES } from "../components/engines";
import type { Fault } from "../components/errors";
import { FIRST_KEY } from "../components/gateway-secrets";
import { supportEnded } from "../planner/kubernetes-versions";
import { isRecord } from "../planner/record";
import { minutesOfDay } from "../planner/schedule";
import type { GpuPoolConfig, StackConfig } from "./config";
import { adoptRules } from "./config-adopt-rules";
import { awsFaults } from "./config-aws";
import { fitRules } from "./config-fit-rules";
import { poolRules } from "./config-pool-rules";
import { unseenRange } from "./config-ranges";
import { spendRules } from "./config-spend-rules";
import { gpusOf, isEksPool, poolsOf } from "./pools";

/*
 * Rules between settings. Each takes the part of the configuration that was readable, so that one run shows every fault.
 */

/** What the rules know beside the stack file. */
export interface Surroundings {
  /** AWS region of the stack. */
  readonly region: string | undefined;
  /** Every `aws:` setting, by the name after the colon. */
  readonly aws: Readonly<Record<string, unknown>>;
  /** ISO date of today. */
  readonly today: string;
  /** Whether the stack runs already: then an outdated Kubernetes version is a warning. */
  readonly running: boolean;
}

/** The sections that could be read; records hold the entries that could be read. */
export type Readable = Partial<StackConfig> & {
  /** Whether every model, and every pool, could be read: only then can one be missed. */
  readonly allModels: boolean;
  readonly allPools: boolean;
  /** What the user wrote, before defaults. */
  readonly raw: unknown;
};

function clusterRules(
  { cluster, network, drivers, gpuPools, endpoint, gateway, raw }: Readable,
  around: Surroundings,
): Fault[] {
  const faults: Fault[] = [];
  const add = (path: string, message: string) => faults.push({ path, message });
  if (cluster === undefined || "adopt" in cluster) return faults;
  if (around.region === undefined) add("aws:region", "is not set; set it with: pulumi config set aws:region us-east-1");
  for (const [index, zone] of cluster.zones.entries()) {
    if (around.region !== undefined && zone.slice(0, -1) !== around.region)
      add(
        `cluster.zones[${index}]`,
        `${zone} is not in aws:region ${around.region}; use for example ${around.region}a`,
      );
    if (cluster.zones.indexOf(zone) < index)
      add(`cluster.zones[${index}]`, `${zone} is named twice; name each zone once`);
  }
  for (const [index, range] of cluster.apiAccess.cidrs.entries()) {
    const unseen = unseenRange(range);
    if (unseen !== undefined)
      add(
        `cluster.apiAccess.cidrs[${index}]`,
        `${range} ${unseen}; put the addresses of the machines that run pulumi there; yours now: curl https://checkip.amazonaws.com`,
      );
  }
  const ended = supportEnded(cluster.kubernetes, around.today);
  if (ended !== undefined && !around.running) add("cluster.kubernetes", `${ended}; a new cluster needs one of these`);
  for (const [name, pool] of Object.entries(gpuPools ?? {}))
    if (!isEksPool(pool))
      add(`gpuPools.${name}.nodeSelector`, "is for cluster.adopt alone; here the kit makes the nodes and their labels");
  if (network && "cidr" in network) {
    const bits = Number(network.cidr.split("/")[1]);
    if (bits < 16 || bits > 20)
      add("network.cidr", `${network.cidr} is a /${bits}; the kit divides a /16 to /20 among its subnets`);
  }
  if (endpoint?.exposure === "public" && network && "adopt" in network && network.adopt.publicSubnetIds.length < 2)
    add("network.adopt.publicSubnetIds", "a public endpoint needs at least two public subnets for its load balancer");
  // Of a database that cannot be read nobody knows that there is none.
  if (gateway?.databaseMultiZone && [undefined, "none"].includes(writtenDatabase(raw)))
    add("gateway.databaseMultiZone", "is a standby of a database, and there is none; set database: rds, or remove it");
  return [...faults, ...driverRules(drivers)];
}

const writtenDatabase = (raw: unknown) =>
  isRecord(raw) && isRecord(raw.gateway) ? (raw.gateway.database as string | undefined) : undefined;

/** Releases and versions are pinned: what `latest` means changes under a running stack. */
function driverRules(drivers: Readable["drivers"]): Fault[] {
  const fault = (message: string) => [{ path: "drivers.version", message }];
  if (drivers === undefined) return [];
  const { from, version } = drivers;
  if (from === "operator" && version === undefined)
    return fault('is required with from: operator; name a driver branch and release such as "580.95.05"');
  if (from === "operator" && !/^\d{3}\.\d{1,3}\.\d{1,2}$/.test(version ?? ""))
    return fault(`"${version}" is not a driver version such as "580.95.05", which from: operator asks for`);
  if (from === "ami" && version !== undefined && !/^v20\d{6}$/.test(version))
    return fault(`"${version}" is not a release of the AL2023 image such as "v20260714", which from: ami asks for`);
  return [];
}

/** Objects that stand in the models' namespace, and what a model's name is followed by. */
const RESERVED_NAMES = /^(gateway|gateway-.+|model-copy|default|hugging-face)$|-(router|engine|compile-cache)$/;

function modelRules({ models = {}, gpuPools, allPools }: Readable): Fault[] {
  return Object.entries(models).flatMap(([name, model]) => {
    const faults: Fault[] = [];
    const add = (setting: string, message: string) => faults.push({ path: `models.${name}.${setting}`, message });
    if (RESERVED_NAMES.test(name))
      faults.push({
        path: `models.${name}`,
        message: `"${name}" is a name that the kit's own objects have beside the models; choose another`,
      });
    const { min, max } = model.replicas;
    if (min > max) add("replicas", `min ${min} is above max ${max}`);
    for (const [index, { from, to, replicas }] of model.schedule.entries()) {
      if ((minutesOfDay(from) ?? 0) >= (minutesOfDay(to) ?? 0))
        add(`schedule[${index}]`, `from ${from} is not before to ${to}; a floor over midnight takes two entries`);
      if (replicas > max) add(`schedule[${index}].replicas`, `${replicas} is above replicas.max ${max}`);
    }
    for (const [index, flag] of model.engineArgs.entries()) {
      const [own = ""] = flag.split("=");
      const { ownFlags } = ENGINES[model.engine];
      if (Object.hasOwn(ownFlags, own)) add(`engineArgs[${index}]`, `${own} is set by the kit; ${ownFlags[own]}`);
    }
    if (gpuPools === undefined || !allPools) return faults;
    for (const [index, gpu] of model.gpu.entries()) {
      const counts = Object.values(gpuPools)
        .filter((pool) => pool.gpu === gpu)
        .map((pool) => pool.gpusPerNode);
      if (counts.length === 0)
        add(`gpu[${index}]`, `no pool has ${gpu}; add one to gpuPools, or use one of: ${poolGpus(gpuPools)}`);
      else if (Math.max(...counts) < model.gpusPerReplica)
        add(
          "gpusPerReplica",
          `${model.gpusPerReplica} GPUs do not fit a node of any ${gpu} pool (at most ${Math.max(...counts)}); a replica never spans nodes`,
        );
    }
    const pools = poolsOf(model, gpuPools);
    if (pools.length > 1 && pools.some(([, pool]) => !isEksPool(pool)))
      add(
        "gpu",
        `fits the pools ${pools.map(([pool]) => pool).join(", ")}; with cluster.adopt a model runs on the nodes of one selector, so let one pool fit it`,
      );
    const offered = pools.reduce((sum, [, pool]) => sum + gpusOf(pool), 0);
    const wanted = max * model.gpusPerReplica;
    if (offered > 0 && wanted > offered)
      add(
        "replicas.max",
        `${max} replicas × ${model.gpusPerReplica} GPUs need ${wanted} GPUs, and its pools allow ${offered}; raise maxGpus or lower max`,
      );
    return faults;
  });
}

const poolGpus = (pools: Readonly<Record<string, GpuPoolConfig>>) =>
  [...new Set(Object.values(pools).map(({ gpu }) => gpu))].join(", ") || "none yet";

function endpointRules({ endpoint, cluster }: Readable): Fault[] {
  if (endpoint === undefined || (cluster && "adopt" in cluster)) return [];
  const faults: Fault[] = [];
  const { exposure, domain, zone, allowedCidrs } = endpoint;
  if (exposure === "public" && domain === undefined)
    faults.push({
      path: "endpoint.domain",
      message:
        "a public endpoint without TLS would send keys and prompts in clear; set domain and zone, or exposure: internal",
    });
  if (exposure === "public" && allowedCidrs.length === 0)
    faults.push({
      path: "endpoint.allowedCidrs",
      message: "a public endpoint needs the ranges that may reach it; name them, or set exposure: internal",
    });
  if ((domain === undefined) !== (zone === undefined))
    faults.push({
      path: domain === undefined ? "endpoint.domain" : "endpoint.zone",
      message: "domain and zone go together: the certificate is proved in that zone",
    });
  if (domain !== undefined && zone !== undefined && domain !== zone && !domain.endsWith(`.${zone}`))
    faults.push({ path: "endpoint.domain", message: `${domain} is not in zone ${zone}` });
  return faults;
}

/** Without a database keys are settings; with one they are made while it runs. */
function keyRules({ gateway }: Readable): Fault[] {
  if (gateway === undefined || gateway.keys.length === 0) return [];
  if (gateway.database !== "none")
    return [
      {
        path: "gateway.keys",
        message:
          "is for a gateway without a database; with one, keys are made while it runs: npm run key -- create --name NAME",
      },
    ];
  return gateway.keys.flatMap((name, index, all) => {
    const path = `gateway.keys[${index}]`;
    if (name === FIRST_KEY)
      return [{ path, message: `"${name}" is the key that every gateway has, output apiKey; choose another name` }];
    return all.indexOf(name) < index ? [{ path, message: `"${name}" is named twice; a name has one key` }] : [];
  });
}

/** Every fault between settings that are each readable by themselves. */
export function ruleFaults(readable: Readable, around: Surroundings): Fault[] {
  const adopted = readable.cluster !== undefined && "adopt" in readable.cluster;
  return [
    ...awsFaults(around.aws, adopted),
    ...(adopted ? adoptRules(readable) : clusterRules(readable, around)),
    ...poolRules(readable),
    ...modelRules(readable),
    ...fitRules(readable),
    ...endpointRules(readable),
    ...keyRules(readable),
    ...spendRules(readable),
    ...(readable.allModels && readable.models && Object.keys(readable.models).length === 0
      ? [{ path: "models", message: "is empty; name at least one model to serve" }]
      : []),
  ];
}
