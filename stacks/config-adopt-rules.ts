import type { Fault } from "../components/errors";
import { parseSource } from "../planner/source";
import type { Readable } from "./config-rules";
import { isEksPool } from "./pools";

/**
 * Settings of what the kit makes in AWS, each with the value that asks for nothing, where it has one. They are looked for
 * in what the user wrote: after reading, the default of a setting looks like the setting itself.
 */
const ONLY_AWS: readonly (readonly [path: string, nothing?: unknown])[] = [
  ["network"],
  ["spend"],
  ["permissionsBoundary"],
  ["tags"],
  ["drivers.from"],
  ["drivers.version"],
  ["endpoint.exposure", "internal"],
  ["endpoint.domain"],
  ["endpoint.zone"],
  ["endpoint.allowedCidrs"],
  ["gateway.database", "none"],
  ["gateway.databaseMultiZone", false],
];

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const writtenAt = (raw: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((value, key) => (isObject(value) ? Reflect.get(value, key) : undefined), raw);

/** Whether a setting was written at all: `{}` and `[]` ask for nothing. */
const isWritten = (value: unknown) =>
  value !== undefined && value !== null && (!isObject(value) || Object.keys(value).length > 0);

/** Settings that were written and mean nothing on an adopted cluster, whatever their values are. */
export const unusedOn = ({ cluster, raw }: Readable): string[] =>
  cluster === undefined || !("adopt" in cluster)
    ? []
    : ONLY_AWS.filter(([path, nothing]) => {
        const value = writtenAt(raw, path);
        return isWritten(value) && value !== nothing;
      }).map(([path]) => path);

/** Faults of a stack on a cluster that is there already: what only AWS has does nothing there, or breaks. */
export function adoptRules(readable: Readable): Fault[] {
  const { gpuPools = {}, models = {} } = readable;
  return [
    ...Object.entries(gpuPools)
      .filter(([, pool]) => isEksPool(pool))
      .map(([name]) => ({
        path: `gpuPools.${name}`,
        message: "needs a nodeSelector and allocatable with cluster.adopt, where the nodes are yours",
      })),
    ...unusedOn(readable).map((path) => ({
      path,
      message: "has no meaning with cluster.adopt, where the kit creates nothing in AWS; remove it",
    })),
    ...Object.entries(models)
      .filter(([, { source }]) => parseSource(source).kind === "s3")
      .map(([name, { source }]) => ({
        path: `models.${name}.source`,
        message: `${source} asks for AWS credentials, and pods on an adopted cluster are given none; use hf:// there`,
      })),
  ];
}
