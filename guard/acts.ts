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

/** What came of the steps. */
export interface Done {
  /** Those that are through, but for ends of instances; of the others the failure is noted, or the next check tries again. */
  readonly through: readonly Act[];
  /** Ids of instances: those that are ending now, and those that could not be ended. What was gone before is neither. */
  readonly ended: readonly string[];
  readonly stayed: readonly string[];
}

export async function perform(aws: Clients, cluster: string, acts: readonly Act[], faults: Faults): Promise<Done> {
  const through: Act[] = [];
  const ends: End[] = [];
  for (const act of acts)
    if (act.act === "terminate") ends.push(...(await (act.one ? terminateOne : terminate)(aws, act.ids, faults)));
    else if (await change(aws, cluster, act, faults)) through.push(act);
  const those = (came: End["came"]) => ends.filter((end) => end.came === came).map(({ id }) => id);
  return { through, ended: those("ended"), stayed: those("stayed") };
}

async function change(
  aws: Clients,
  cluster: string,
  act: Exclude<Act, { act: "terminate" }>,
  faults: Faults,
): Promise<boolean> {
  switch (act.act) {
    case "deny":
      return (await faults.trying(`deny launches to role ${act.role}`, () => deny(aws, act.role))) ?? false;
    case "allow":
      return (await faults.trying(`allow launches to role ${act.role}`, () => allow(aws, act.role))) ?? false;
    case "size": {
      const what = `set node group ${act.group} to ${act.size.desired} nodes`;
      return (await faults.trying(what, () => resize(aws, cluster, act.group, act.size))) ?? false;
    }
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

interface End {
  readonly id: string;
  readonly came: "ended" | "stayed" | "gone";
}

const end = ({ ec2 }: Clients, InstanceIds: readonly string[]) =>
  ec2.send(new TerminateInstancesCommand({ InstanceIds: [...InstanceIds] }));

async function terminate(aws: Clients, ids: readonly string[], faults: Faults): Promise<End[]> {
  const ends: End[] = [];
  for (let at = 0; at < ids.length; at += BATCH) {
    const batch = ids.slice(at, at + BATCH);
    const refused = await end(aws, batch).then(
      () => false,
      () => true,
    );
    // One instance that is gone, or protected, is no reason to keep the others.
    for (const id of batch) ends.push(refused ? await endSingle(aws, id, faults) : { id, came: "ended" });
  }
  return ends;
}

/** The first that can be ended: one that is protected is no reason to keep all others for ever. */
async function terminateOne(aws: Clients, ids: readonly string[], faults: Faults): Promise<End[]> {
  const ends: End[] = [];
  for (const id of ids) {
    ends.push(await endSingle(aws, id, faults));
    if (ends.at(-1)?.came === "ended") break;
  }
  return ends;
}

async function endSingle(aws: Clients, id: string, faults: Faults): Promise<End> {
  const came = await faults.trying(`terminate ${id}`, () =>
    end(aws, [id]).then(
      () => "ended" as const,
      (error: unknown) => {
        if (nameOf(error) === "InvalidInstanceID.NotFound") return "gone" as const;
        throw error;
      },
    ),
  );
  return { id, came: came ?? "stayed" };
}
