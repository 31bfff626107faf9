import { paginateGetResources } from "@aws-sdk/client-resource-groups-tagging-api";
import { STACK_TAG } from "../guard/tags";
import { asking, isDenied, type Search } from "./sweep-account";
import type { Managed } from "./sweep-list";
import { logGroupNames } from "./sweep-others";

/*
 * What carries the stack's tag beside the kinds that are swept, by AWS's index of tags: after a lost state the network and the
 * database are known to nothing else. Named and never deleted. The index has no IAM roles, and lags behind deletions.
 */

export const INDEX_ACTION = "tag:GetResources";

/**
 * Kinds that are asked of their own service, which knows better than the index what is still there, and what is nothing without
 * one of those: rules of a group, listeners of a load balancer, the requests by which Karpenter starts instances.
 */
const LOOKED_AT = [
  /^ec2:(instance|network-interface|security-group|security-group-rule|volume|launch-template|fleet|spot-instances-request)\//,
  /^elasticloadbalancing:/,
  /^eks:(cluster|nodegroup|addon|access-entry|podidentityassociation)\//,
  /^iam:instance-profile\//,
];

/** Whether a resource is of a kind that the sweep looks at itself. */
export function isLookedAt(arn: string, stack: string): boolean {
  const [, , service = "", , , ...rest] = arn.split(":");
  const kind = `${service}:${rest.join(":")}`;
  return (
    LOOKED_AT.some((looked) => looked.test(kind)) ||
    logGroupNames(stack).some((name) => kind.replace(/:\*$/, "") === `logs:log-group:${name}`)
  );
}

/** Whether Pulumi's state has it, which knows some things by ARN and some by id. */
const isInState = (arn: string, { ids }: Managed) => ids.has(arn) || ids.has(arn.split(/[/:]/).at(-1) ?? "");

/** A key that is to be deleted stays for days, tags and all, and costs nothing. */
export const isKey = (arn: string): boolean => arn.split(":")[2] === "kms";

/** @returns ARNs; undefined where these credentials may not ask, which a sweep does without. */
export async function alsoTagged({ clients, stack }: Search, managed: Managed): Promise<string[] | undefined> {
  const asked = { TagFilters: [{ Key: STACK_TAG, Values: [stack] }] };
  const arns: string[] = [];
  try {
    // Never on the filter's word alone.
    for await (const page of paginateGetResources({ client: clients.tagging }, asked))
      for (const { ResourceARN: arn, Tags } of page.ResourceTagMappingList ?? [])
        if (arn !== undefined && (Tags ?? []).some(({ Key, Value }) => Key === STACK_TAG && Value === stack))
          arns.push(arn);
  } catch (error) {
    if (isDenied(error)) return undefined;
    return asking(INDEX_ACTION, () => Promise.reject(error));
  }
  return [...new Set(arns)].filter((arn) => !isLookedAt(arn, stack) && !isInState(arn, managed)).sort();
}
