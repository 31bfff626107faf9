import { PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { DENY_POLICY, denyLaunches } from "../guard/policy";
import { asking, isGone, type Search } from "./sweep-account";

/*
 * The end of launches by a Karpenter that nobody can ask to stop: it starts an instance anew for each that is terminated, as
 * long as pods want one. The denial is the spend guard's, and goes with the role.
 */

/** @returns false where the role is gone, and Karpenter's permission with it. */
export async function denyLaunchesTo({ clients }: Search, RoleName: string): Promise<boolean> {
  const PolicyDocument = JSON.stringify(denyLaunches());
  const put = new PutRolePolicyCommand({ RoleName, PolicyName: DENY_POLICY, PolicyDocument });
  try {
    await asking("iam:PutRolePolicy", () => clients.iam.send(put));
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}
