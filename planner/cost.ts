import { HOURS_A_MONTH, type PriceOverrides, priceOf } from "./prices";

/** A database of the gateway. */
export interface DatabaseShape {
  /** For example `db.t4g.small`. */
  readonly instanceType: string;
  readonly storageGb: number;
  /** A standby in another zone doubles machine and storage. */
  readonly standby: boolean;
}

/** Nodes that a schedule keeps awake: at least `nodes` for so many hours of a week. Floors of one pool do not overlap. */
export interface FloorShape {
  readonly nodes: number;
  readonly hoursPerWeek: number;
}

/** GPU nodes of one pool. */
export interface PoolShape {
  readonly name: string;
  readonly instanceType: string;
  /** Nodes that always run. */
  readonly steadyNodes: number;
  /** Nodes at most, the steady ones among them. */
  readonly maxNodes: number;
  /** Root volume of each node, in GB. */
  readonly diskGb: number;
  /** What a node that comes and goes costs an hour, where that is not the list price: today's spot price. */
  readonly spotUsdPerHour?: number;
  readonly floors: readonly FloorShape[];
}

/** Everything of a stack that AWS charges by time. */
export interface StackShape {
  readonly zones: number;
  readonly natGateways: number;
  /** A public load balancer has an address in each zone; a private one has none. */
  readonly publicEndpoint: boolean;
  /** The Kubernetes version has left standard support. */
  readonly extendedSupport: boolean;
  readonly systemNodes: { readonly instanceType: string; readonly count: number; readonly diskGb: number };
  readonly databases: readonly DatabaseShape[];
  readonly kmsKeys: number;
  readonly pools: readonly PoolShape[];
  /** Charged by use; 0 where nobody has measured it. */
  readonly usage?: { readonly natGb: number; readonly storedGb: number; readonly logsGb: number };
}

/** One line of the bill, in US dollars an hour. */
export interface LineItem {
  readonly name: string;
  readonly unitUsdPerHour: number;
  /** How many while everything that can sleep does, and when all that may run does. */
  readonly idleQuantity: number;
  readonly mostQuantity: number;
  readonly idleUsdPerHour: number;
  readonly mostUsdPerHour: number;
}

export interface StackCost {
  readonly items: readonly LineItem[];
  /** Exactly the sum of the items, as are the others. */
  readonly idleUsdPerHour: number;
  readonly mostUsdPerHour: number;
  readonly idleUsdPerMonth: number;
  /** What the schedules' floors add to an idle hour, averaged over a week. */
  readonly floorUsdPerHour: number;
}

const HOURS_A_WEEK = 168;

function item(name: string, unitUsdPerHour: number, idleQuantity: number, mostQuantity = idleQuantity): LineItem {
  return {
    name,
    unitUsdPerHour,
    idleQuantity,
    mostQuantity,
    idleUsdPerHour: unitUsdPerHour * idleQuantity,
    mostUsdPerHour: unitUsdPerHour * mostQuantity,
  };
}

/** Dollars an hour of one node that comes and goes, and of one that stays. */
function nodePrices(pool: PoolShape, prices: PriceOverrides) {
  const steady = pool.steadyNodes > 0 || pool.spotUsdPerHour === undefined;
  const listed = steady ? priceOf(pool.instanceType, prices) : 0;
  return { steady: listed, elastic: pool.spotUsdPerHour ?? listed };
}

function poolItems(pool: PoolShape, prices: PriceOverrides): LineItem[] {
  const { steady, elastic } = nodePrices(pool, prices);
  const disk = (priceOf("gp3-gb-month", prices) / HOURS_A_MONTH) * pool.diskGb;
  return [
    item(`${pool.name}: steady ${pool.instanceType}`, steady, pool.steadyNodes),
    item(`${pool.name}: ${pool.instanceType} as needed`, elastic, 0, pool.maxNodes - pool.steadyNodes),
    item(`${pool.name}: node disks`, disk, pool.steadyNodes, pool.maxNodes),
  ].filter(({ mostQuantity }) => mostQuantity > 0);
}

/** Every line of a stack's bill. */
export function lineItems(stack: StackShape, prices: PriceOverrides = {}): LineItem[] {
  const hourly = (name: string) => priceOf(name, prices);
  const monthly = (name: string) => priceOf(name, prices) / HOURS_A_MONTH;
  const { systemNodes, usage } = stack;
  return [
    item("EKS control plane", hourly("eks-hour"), 1),
    item("EKS extended support", hourly("eks-extended-hour"), stack.extendedSupport ? 1 : 0),
    item(`system nodes, ${systemNodes.instanceType}`, hourly(systemNodes.instanceType), systemNodes.count),
    item("system node disks, GB", monthly("gp3-gb-month"), systemNodes.count * systemNodes.diskGb),
    item("NAT gateways", hourly("nat-hour"), stack.natGateways),
    item("NAT gateway addresses", hourly("ipv4-hour"), stack.natGateways),
    item("load balancer", hourly("alb-hour"), 1),
    item("load balancer addresses", hourly("ipv4-hour"), stack.publicEndpoint ? stack.zones : 0),
    ...stack.databases.flatMap(({ instanceType, storageGb, standby }) => [
      item(`database, ${instanceType}`, hourly(instanceType), standby ? 2 : 1),
      item("database storage, GB", monthly("rds-storage-gb-month"), standby ? 2 * storageGb : storageGb),
    ]),
    item("KMS keys", monthly("kms-key-month"), stack.kmsKeys),
    item("NAT traffic, GB a month", monthly("nat-gb"), usage?.natGb ?? 0),
    item("weights in S3, GB", monthly("s3-gb-month"), usage?.storedGb ?? 0),
    item("logs, GB a month", monthly("logs-gb"), usage?.logsGb ?? 0),
    ...stack.pools.flatMap((pool) => poolItems(pool, prices)),
  ].filter(({ mostQuantity }) => mostQuantity > 0);
}

function floorUsdPerHour(stack: StackShape, prices: PriceOverrides): number {
  const disk = priceOf("gp3-gb-month", prices) / HOURS_A_MONTH;
  return stack.pools.reduce((sum, pool) => {
    if (pool.floors.length === 0) return sum;
    const node = nodePrices(pool, prices).elastic + disk * pool.diskGb;
    const nodeHours = pool.floors.reduce(
      (hours, floor) => hours + Math.max(0, floor.nodes - pool.steadyNodes) * floor.hoursPerWeek,
      0,
    );
    return sum + (node * nodeHours) / HOURS_A_WEEK;
  }, 0);
}

/** Numbers that make no bill, with their place; empty when all do. */
function faults(stack: StackShape): string[] {
  const counts: [string, number][] = [
    ["zones", stack.zones],
    ["natGateways", stack.natGateways],
    ["systemNodes.count", stack.systemNodes.count],
    ["systemNodes.diskGb", stack.systemNodes.diskGb],
    ["kmsKeys", stack.kmsKeys],
    ...stack.databases.map(({ storageGb }, n): [string, number] => [`databases[${n}].storageGb`, storageGb]),
    ...stack.pools.flatMap(({ name, steadyNodes, maxNodes, diskGb, spotUsdPerHour }): [string, number][] => [
      [`pools.${name}.steadyNodes`, steadyNodes],
      [`pools.${name}.maxNodes - steadyNodes`, maxNodes - steadyNodes],
      [`pools.${name}.diskGb`, diskGb],
      [`pools.${name}.spotUsdPerHour`, spotUsdPerHour ?? 0],
    ]),
  ];
  return counts
    .filter(([, value]) => !(Number.isFinite(value) && value >= 0))
    .map(([name, value]) => `${name} is ${value}; it must be 0 or more`);
}

/** What a stack costs by time: idle, at most, line by line. Throws a RangeError for what cannot be a bill. */
export function stackCost(stack: StackShape, prices: PriceOverrides = {}): StackCost {
  const wrong = faults(stack);
  if (wrong.length > 0) throw new RangeError(`cost: ${wrong.join("; ")}`);
  const items = lineItems(stack, prices);
  const idleUsdPerHour = items.reduce((sum, { idleUsdPerHour: usd }) => sum + usd, 0);
  return {
    items,
    idleUsdPerHour,
    mostUsdPerHour: items.reduce((sum, { mostUsdPerHour: usd }) => sum + usd, 0),
    idleUsdPerMonth: idleUsdPerHour * HOURS_A_MONTH,
    floorUsdPerHour: floorUsdPerHour(stack, prices),
  };
}

/**
 * Dollars for a million tokens of machines that cost `usdPerHour` and make `tokensPerSecond` when they are full, at a
 * utilisation from above 0 to 1. Throws a RangeError outside of that.
 */
export function usdPerMillionTokens(request: {
  readonly usdPerHour: number;
  readonly tokensPerSecond: number;
  readonly utilisation: number;
}): number {
  const { usdPerHour, tokensPerSecond, utilisation } = request;
  if (!(utilisation > 0 && utilisation <= 1))
    throw new RangeError(`utilisation is ${utilisation}; it must be above 0 and at most 1`);
  if (!(tokensPerSecond > 0)) throw new RangeError(`tokensPerSecond is ${tokensPerSecond}; it must be above 0`);
  return (usdPerHour / (tokensPerSecond * 3600 * utilisation)) * 1e6;
}
