import type { Fault } from "../components/errors";
import type { EksPoolConfig, OwnStack } from "./config";
import { isEksPool, poolSpec } from "./pools";

/*
 * What AWS was asked before anything is made. What could not be learnt is left out, and nothing is concluded from it.
 */

export interface ReservationFacts {
  /** `active`, `scheduled`, `expired` and others; left out where the answer did not tell. */
  readonly state?: string;
  readonly zone?: string;
  readonly instanceType?: string;
  /** RFC 3339; left out where it has no end. */
  readonly endDate?: string;
}

export interface EksVersion {
  readonly version: string;
  readonly status: "STANDARD_SUPPORT" | "EXTENDED_SUPPORT" | "UNSUPPORTED";
  /** ISO dates. */
  readonly standardUntil: string;
  readonly extendedUntil: string;
}

export interface Facts {
  /** Availability zones of the stack's private subnets, in their order. */
  readonly zones: readonly string[];
  /** Limits in vCPUs by the quota's code. */
  readonly quotas: Readonly<Record<string, number>>;
  /** Availability zones of the region in which each instance type is offered; a type that is offered nowhere is left out. */
  readonly offered?: Readonly<Record<string, readonly string[]>>;
  /** By id. */
  readonly reservations: Readonly<Record<string, ReservationFacts | "missing">>;
  readonly versions?: readonly EksVersion[];
  /** The stack's cluster, and its version of Kubernetes; asked about only where EKS is about to drop the version that is set, or has. */
  readonly cluster?: { readonly version: string } | "missing";
  /** Public Route 53 zones with the name of `endpoint.zone`. */
  readonly hostedZone?: "found" | "missing" | "several";
}

/** What the facts are judged by beside the settings. */
export interface Where {
  readonly region: string;
  readonly now: Date;
}

/** Faults stop the stack; warnings are told and it goes on. */
export interface Findings {
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
}

export const both = (findings: readonly Findings[]): Findings => ({
  faults: findings.flatMap(({ faults }) => faults),
  warnings: findings.flatMap(({ warnings }) => warnings),
});

/** A pool with the EC2 types it may take, cheapest first. */
export interface Pool {
  readonly name: string;
  readonly settings: EksPoolConfig;
  readonly types: readonly string[];
}

export const poolsIn = (config: OwnStack): Pool[] =>
  Object.entries(config.gpuPools).flatMap(([name, settings]) =>
    isEksPool(settings) ? [{ name, settings, types: poolSpec(name, settings).instanceTypes }] : [],
  );
