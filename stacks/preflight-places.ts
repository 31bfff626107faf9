import type { OwnStack } from "./config";
import { type Facts, type Findings, poolsIn, type Where } from "./preflight-facts";

/*
 * Whether what a pool runs on is offered where the stack's subnets are.
 */

/** How a user brings another zone into the stack. */
export function addZone(config: OwnStack, zone: string): string {
  if ("adopt" in config.network) return `add a subnet in ${zone} to network.adopt.subnetIds`;
  const { zones } = config.cluster;
  // A third zone beside two moves nothing; one of three has to give way.
  return `pulumi config set --path 'pilotlight:cluster.zones[${Math.min(zones.length, 2)}]' ${zone}`;
}

export function offeringFindings(config: OwnStack, { offered, zones }: Facts, { region }: Where): Findings {
  const faults: { path: string; message: string }[] = [];
  const warnings: { path: string; message: string }[] = [];
  if (offered === undefined) return { faults, warnings };
  const here = zones.join(", ");
  for (const { name, types } of poolsIn(config)) {
    const path = `gpuPools.${name}`;
    const inRegion = [...new Set(types.flatMap((type) => offered[type] ?? []))].sort();
    const inZones = zones.filter((zone) => inRegion.includes(zone));
    const what = `${types.join(", ")} ${types.length === 1 ? "is" : "are"}`;
    const [other] = inRegion;
    if (inZones.length > 0) {
      const without = zones.filter((zone) => !inRegion.includes(zone));
      if (without.length > 0)
        warnings.push({
          path,
          message:
            `${what} not offered in ${without.join(", ")}: nodes start in ${inZones.join(", ")} alone` +
            moreZones(inRegion.filter((zone) => !zones.includes(zone))),
        });
    } else if (other !== undefined)
      faults.push({
        path,
        message: `${what} not offered in ${here}, but in ${inRegion.join(", ")}; use one of these: ${addZone(config, other)}`,
      });
    else
      faults.push({
        path,
        message:
          `${what} offered nowhere in ${region}; choose another GPU or region, for example after ` +
          `aws ec2 describe-instance-type-offerings --location-type availability-zone --filters Name=instance-type,Values=${types.join(",")} --region REGION`,
      });
  }
  return { faults, warnings };

  function moreZones(elsewhere: readonly string[]): string {
    const [zone] = elsewhere;
    return zone === undefined ? "" : `; ${elsewhere.join(", ")} would add to that: ${addZone(config, zone)}`;
  }
}
