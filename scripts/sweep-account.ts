import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { EKSClient } from "@aws-sdk/client-eks";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient } from "@aws-sdk/client-iam";
import { ResourceGroupsTaggingAPIClient } from "@aws-sdk/client-resource-groups-tagging-api";
import type { StackAccount } from "./stack-account";
import type { Tags } from "./sweep-tags";

/*
 * What the sweep knows of an account, and how it asks.
 */

export interface Clients {
  readonly ec2: EC2Client;
  readonly balancers: ElasticLoadBalancingV2Client;
  readonly logs: CloudWatchLogsClient;
  readonly eks: EKSClient;
  readonly iam: IAMClient;
  readonly tagging: ResourceGroupsTaggingAPIClient;
}

/** Throttling of a busy account is waited out. */
const RETRIES = { maxAttempts: 8, retryMode: "adaptive" } as const;

/** @param account one of a rehearsal has an endpoint of its own. */
export function clientsOf({ aws }: { readonly aws: StackAccount["aws"] & { readonly endpoint?: string } }): Clients {
  const settings = { ...aws, ...RETRIES };
  return {
    ec2: new EC2Client(settings),
    balancers: new ElasticLoadBalancingV2Client(settings),
    logs: new CloudWatchLogsClient(settings),
    eks: new EKSClient(settings),
    iam: new IAMClient(settings),
    tagging: new ResourceGroupsTaggingAPIClient(settings),
  };
}

/** Where is looked, and for whose resources. */
export interface Search {
  readonly clients: Clients;
  readonly region: string;
  /** The stack's name in AWS. */
  readonly stack: string;
}

/** Something in the account. */
export interface Found {
  /** Id or ARN, by which it is deleted. */
  readonly id: string;
  readonly tags: Tags;
  /** What a person knows it by, where that is not the id. */
  readonly name?: string;
  /** Its state, type or size. */
  readonly detail?: string;
}

/** A kind of resource that is swept. */
export interface Kind {
  /** Singular. */
  readonly name: string;
  /** What may be the stack's; the caller drops what lacks its tags. */
  readonly list: (search: Search) => Promise<Found[]>;
  /** Left out where deleting is nobody's but Pulumi's. It does not wait until the thing is gone. */
  readonly remove?: (search: Search, found: Found) => Promise<void>;
}

const codeOf = (error: unknown) => (error instanceof Error ? error.name : "");

/** The thing asked about does not exist (any more). */
export const isGone = (error: unknown): boolean => /NotFound|NoSuchEntity|ResourceNotFound/.test(codeOf(error));

/** It goes once something else is gone: worth another try. */
export const isInUse = (error: unknown): boolean =>
  /DependencyViolation|InUse|ResourceInUse|IncorrectState|DeleteConflict|IncorrectInstanceState/.test(codeOf(error)) ||
  // EC2 says InvalidParameterValue of an interface that is still attached.
  (error instanceof Error && /is currently in use/.test(error.message));

export const isDenied = (error: unknown) => /AccessDenied|UnauthorizedOperation|NotAuthorized/.test(codeOf(error));

/** Codes of a connection that did not come about. */
const UNREACHED = /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|TimeoutError/;

const isUnreached = (error: unknown) =>
  UNREACHED.test(codeOf(error)) || (error instanceof Error && "code" in error && UNREACHED.test(String(error.code)));

/** Why a call failed, for a person, where the answer of AWS alone does not tell. Pure. */
function explained(action: string, error: unknown): unknown {
  const told = error instanceof Error ? error.message : String(error);
  if (isDenied(error))
    return new Error(`these credentials lack the permission ${action}; give it to them and repeat. AWS says: ${told}`);
  if (isUnreached(error))
    return new Error(`AWS does not answer ${action} (${told}); look at the network, aws:region and AWS_ENDPOINT_URL`);
  if (/CredentialsProviderError/.test(codeOf(error)))
    return new Error(`there are no AWS credentials for ${action} (${told}); log in, or set aws:profile, and repeat`);
  return error;
}

/** Asks AWS; a failure names what was asked. @param action as in a policy, such as `ec2:DescribeVolumes`. */
export async function asking<T>(action: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw explained(action, error);
  }
}

/** As `asking`, of a call that lists page by page. */
export const pages = <Page, Item>(
  action: string,
  paged: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> =>
  asking(action, async () => {
    const all: Item[] = [];
    for await (const page of paged) all.push(...(itemsOf(page) ?? []));
    return all;
  });
