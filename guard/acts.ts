import { TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { UpdateNodegroupConfigCommand } from "@aws-sdk/client-eks";
import { DeleteRolePolicyCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import type { Clients } from "./clients";
import type { Act } from "./decide";
import { type Faults, nameOf } from "./faults";
import { DENY_POLICY, denyLaunches } from "./policy";
import type { Size } from "./state";

/*
 * What the guard changes in the account. Every step may be repeated, and what is so already is no failure.
 */

/** Instances ended at once: EC2 ends none of a call of which it refuses one. */
const BATCH = 50;

/** @returns the steps that are through; of the others either the failure is noted, or the next check tries again. */
export async function perform(
  aws: Clients,
  cluster: string,
  acts: readonly Act[],
  faults: Faults,
): Promise<readonly Act[]> {
  const through: Act[] = [];
  for (const act of acts) if (await one(aws, cluster, act, faults)) through.push(act);
  return through;
}

async function one(aws: Clients, cluster: string, act: Act, faults: Faults): Promise<boolean> {
  switch (act.act) {
    case "deny":
      return (await faults.trying(`deny launches to role ${act.role}`, () => deny(aws, act.role))) ?? false;
    case "allow":
      return (await faults.trying(`allow launches to role ${act.role}`, () => allow(aws, act.role))) ?? false;
    case "size": {
      const what = `set node group ${act.group} to ${act.size.desired} nodes`;
      return (await faults.trying(what, () => resize(aws, cluster, act.group, act.size))) ?? false;
    }
    case "terminate":
      return terminate(aws, act.ids, faults);
    default:
      return act satisfies never;
  }
}

async function deny({ iam }: Clients, RoleName: string): Promise<true> {
  const PolicyDocument = JSON.stringify(denyLaunches());
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: DENY_POLICY, PolicyDocument }));
  return true;
}

async function allow({ iam }: Clients, RoleName: string): Promise<true> {
  await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: DENY_POLICY })).catch((error: unknown) => {
    if (!/^NoSuchEntity/.test(nameOf(error))) throw error;
  });
  return true;
}

async function resize({ eks }: Clients, clusterName: string, nodegroupName: string, size: Size): Promise<boolean> {
  const scalingConfig = { minSize: size.min, desiredSize: size.desired, maxSize: size.max };
  try {
    await eks.send(new UpdateNodegroupConfigCommand({ clusterName, nodegroupName, scalingConfig }));
    return true;
  } catch (error) {
    // Another update of the group is under way, which is no failure but a matter of minutes.
    if (nameOf(error) === "ResourceInUseException") return false;
    throw error;
  }
}

async function terminate({ ec2 }: Clients, ids: readonly string[], faults: Faults): Promise<boolean> {
  const end = (InstanceIds: readonly string[]) =>
    ec2.send(new TerminateInstancesCommand({ InstanceIds: [...InstanceIds] }));
  const before = faults.all.length;
  for (let at = 0; at < ids.length; at += BATCH) {
    const batch = ids.slice(at, at + BATCH);
    const refused = await end(batch).then(
      () => false,
      () => true,
    );
    // One instance that is gone, or protected, is no reason to keep the others.
    for (const id of refused ? batch : [])
      await faults.trying(`terminate ${id}`, () =>
        end([id]).catch((error: unknown) => {
          if (nameOf(error) !== "InvalidInstanceID.NotFound") throw error;
        }),
      );
  }
  return faults.all.length === before;
}
