import { instanceTypesWith } from "../planner/instances";
import type { OwnStack } from "./config";
import {
  both,
  type Facts,
  type Findings,
  type Pool,
  poolsIn,
  type ReservationFacts,
  type Where,
} from "./preflight-facts";
import { addZone } from "./preflight-places";

/*
 * Reservations and capacity blocks: whether nodes can start in them.
 */

/** One that ends sooner is told of: its nodes end with it. */
const SOON_DAYS = 7;
const DAY_MS = 86_400_000;

interface Named {
  readonly pool: Pool;
  readonly path: string;
  readonly id: string;
  readonly block: boolean;
}

/** The reservations that the pools name, and where. */
export function namedReservations(config: OwnStack): Named[] {
  return poolsIn(config).flatMap((pool) => {
    const { capacityBlock, reservationIds } = pool.settings;
    const path = `gpuPools.${pool.name}`;
    return [
      ...reservationIds.map((id, index) => ({ pool, path: `${path}.reservationIds[${index}]`, id, block: false })),
      ...(capacityBlock === undefined
        ? []
        : [{ pool, path: `${path}.capacityBlock`, id: capacityBlock.id, block: true }]),
    ];
  });
}

export function reservationFindings(config: OwnStack, facts: Facts, where: Where): Findings {
  return both(
    namedReservations(config).map((named) => {
      const fact = facts.reservations[named.id];
      if (fact === undefined) return { faults: [], warnings: [] };
      if (fact === "missing") return missing(named, where);
      return judged(config, named, fact, facts.zones, where);
    }),
  );
}

/**
 * EC2 is asked for a block, and tells of those that other accounts share, too: without an answer there is none. Whether Cloud
 * Control, which is asked for an ordinary reservation, tells of shared ones is documented nowhere, and elastic nodes may wait.
 */
function missing({ path, id, block }: Named, { region }: Where): Findings {
  const list = "aws ec2 describe-capacity-reservations";
  if (block) {
    const message =
      `${id}: there is no such capacity block in ${region}; these there are: ` +
      `${list} --filters Name=state,Values=active --region ${region}`;
    return { faults: [{ path, message }], warnings: [] };
  }
  const message =
    `${id} could not be found in this account, in ${region}; nodes start in it only if another account shares it with this ` +
    `one, which this shows: ${list} --capacity-reservation-ids ${id} --region ${region}`;
  return { faults: [], warnings: [{ path, message }] };
}

function judged(
  config: OwnStack,
  { pool, path, id, block }: Named,
  { state, zone, instanceType, endDate }: ReservationFacts,
  zones: readonly string[],
  { region, now }: Where,
): Findings {
  const faults: { path: string; message: string }[] = [];
  const warnings: { path: string; message: string }[] = [];
  const declared = block ? pool.settings.capacityBlock?.zone : undefined;
  const add = (message: string) => faults.push({ path, message: `${id} ${message}` });

  if (state !== undefined && state !== "active") {
    const show = `aws ec2 describe-capacity-reservations --capacity-reservation-ids ${id} --region ${region}`;
    const others = pool.settings.capacity.filter((kind) => kind !== "reserved");
    const message = `${id} is ${state}, and nodes start in one that is active alone; its dates: ${show}`;
    // Elastic nodes come another way where the order has one; steady ones have nothing but their block.
    if (block || others.length === 0) faults.push({ path, message });
    else warnings.push({ path, message: `${message} (until then: ${others.join(", ")})` });
  }
  if (zone !== undefined && declared !== undefined && declared !== zone)
    add(
      `is in ${zone}, not in ${declared}; correct it: pulumi config set --path 'pilotlight:gpuPools.${pool.name}.capacityBlock.zone' ${zone}`,
    );
  if (zone !== undefined && !zones.includes(zone))
    add(`is in ${zone}, and the stack's subnets are in ${zones.join(", ")}; ${addZone(config, zone)}`);
  if (instanceType !== undefined && !pool.types.includes(instanceType))
    add(`is of ${instanceType}, and the pool's nodes are ${pool.types.join(", ")}; ${typeFix(pool, instanceType)}`);
  const daysLeft = endDate === undefined ? undefined : (Date.parse(endDate) - now.getTime()) / DAY_MS;
  if (daysLeft !== undefined && daysLeft > 0 && daysLeft <= SOON_DAYS && state === "active")
    warnings.push({
      path,
      message: `${id} ends at ${endDate}, and nodes in it with it; reserve its successor in time, or take it out of the pool by then`,
    });
  return { faults, warnings };
}

const typeFix = ({ name, settings }: Pool, type: string) =>
  instanceTypesWith(settings.gpu, settings.gpusPerNode).includes(type)
    ? `allow it: pulumi config set --path 'pilotlight:gpuPools.${name}.instanceTypes[0]' ${type}`
    : `name a reservation of a type with ${settings.gpusPerNode} × ${settings.gpu}, or put this one into a pool of its own`;
