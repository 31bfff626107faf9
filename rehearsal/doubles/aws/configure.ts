import { regionFacts } from "./regions";
import { type Props, props, type Value, type Where } from "./table";

/** A provider as the program configured it. */
export interface AwsConfig {
  readonly where: Where;
  /** Tags of every resource that takes tags. */
  readonly defaultTags: Props;
}

/** How the real provider reaches AWS: of no meaning here. */
const WITHOUT_EFFECT = new Set([
  "__internal",
  "accessKey",
  "maxRetries",
  "pluginDownloadURL",
  "profile",
  "retryMode",
  "secretKey",
  "sharedConfigFiles",
  "sharedCredentialsFiles",
  "skipCredentialsValidation",
  "skipMetadataApiCheck",
  "skipRegionValidation",
  "skipRequestingAccountId",
  "token",
  "version",
]);

/**
 * Reads a provider's inputs.
 * @param stage what this rehearsal is: account and Kubernetes API.
 * @throws for a setting that would change what the provider does and that the double does not know.
 */
export function configure(inputs: Props, stage: Pick<Where, "account" | "apiServer" | "caData">): AwsConfig {
  const { region, defaultTags, ...rest } = inputs;
  const unknown = Object.keys(rest).filter((setting) => !WITHOUT_EFFECT.has(setting));
  if (unknown.length > 0) {
    throw new Error(`the AWS double does not know the provider setting ${unknown.join(", ")}: add it to configure.ts`);
  }
  if (typeof region !== "string" || region === "") {
    throw new Error("the AWS provider has no region: set it with `pulumi config set aws:region`");
  }
  regionFacts(region);
  return { where: { region, partition: "aws", ...stage }, defaultTags: tagsIn(defaultTags) };
}

/** Structures of a provider's settings come as JSON text. */
function tagsIn(value: Value): Props {
  const parsed: Value = typeof value === "string" ? JSON.parse(value) : value;
  return props(props(parsed).tags);
}
