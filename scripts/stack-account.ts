import { fromIni, fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import { stackNameInAws } from "../guard/tags";
import { isRecord } from "../planner/record";
import { PROJECT_ROOT, readStackFile, stackNames } from "../stacks/stack-file";
import { UsageError } from "./key-options";
import { shortName } from "./stack-name";

/*
 * The AWS account of a stack, for commands that ask AWS themselves: region, profile and roles are those of its `aws:`
 * settings, and what they leave open is the environment's, as for `pulumi`.
 */

const PROJECT = "pilotlight";

type Credentials = ReturnType<typeof fromIni>;

export interface StackAccount {
  /** The stack as a user writes it, such as `dev`. */
  readonly short: string;
  /** The same in AWS, such as `pilotlight-dev`: name of the cluster and value of the stack's tag. */
  readonly stack: string;
  /** For the constructor of any AWS client. */
  readonly aws: { readonly region: string; readonly credentials?: Credentials };
}

interface AssumeRole {
  readonly roleArn: string;
  readonly externalId?: string;
  readonly sessionName?: string;
}

/** The SDK reads it whenever a client is made; the kit runs on Node 20, too, and what is new of that is no news of a stack. */
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

/**
 * @param name the stack, as for pulumi.
 * @throws UsageError where there is no such stack file, nothing of the stack is in AWS, or none of its settings names a region.
 */
export function stackAccount(name: string, root = PROJECT_ROOT): StackAccount {
  const short = shortName(name);
  const known = stackNames(root);
  if (!known.includes(short))
    throw new UsageError([`there is no stack file stacks/Pulumi.${short}.yaml; --stack can be: ${known.join(", ")}`]);
  const { config } = readStackFile(short, root);
  const cluster = config["pilotlight:cluster"];
  if (isRecord(cluster) && cluster.adopt !== undefined)
    throw new UsageError([
      `stack ${short} uses a cluster of your own: nothing is made in AWS and no spend guard runs; to remove it: ` +
        `pulumi destroy --stack ${name}`,
    ]);
  const region = config["aws:region"];
  if (typeof region !== "string")
    throw new UsageError([
      `stacks/Pulumi.${short}.yaml has no aws:region; set it with: pulumi config set aws:region REGION --stack ${name}`,
    ]);
  const profile = config["aws:profile"];
  const roles = (config["aws:assumeRoles"] ?? []) as readonly AssumeRole[];
  const own = profile === undefined ? undefined : fromIni({ profile: String(profile) });
  const credentials = roles.reduce<Credentials | undefined>(
    (masterCredentials, { roleArn, externalId, sessionName }) =>
      fromTemporaryCredentials({
        masterCredentials,
        params: { RoleArn: roleArn, ExternalId: externalId, RoleSessionName: sessionName ?? PROJECT },
        clientConfig: { region },
      }) as Credentials,
    own,
  );
  return { short, stack: stackNameInAws(PROJECT, short), aws: { region, ...(credentials ? { credentials } : {}) } };
}
