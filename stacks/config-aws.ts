import { z } from "zod";
import type { Fault } from "../components/errors";
import { schemaFaults } from "./config-faults";
import { text } from "./config-types";

/*
 * The `aws:` settings of a stack. A provider of our own, which sets the tags, does not read them by itself: what is listed
 * here is handed on to it, and everything else is refused, so that no setting is lost in silence.
 */

const accountId = () => text(/^\d{12}$/, 'an account id of 12 digits in quotes, such as "123456789012"');

const assumeRole = z.strictObject({
  roleArn: text(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, "the ARN of an IAM role").describe("ARN of the role."),
  externalId: z.string().optional().describe("What the role's trust policy asks for as sts:ExternalId."),
  sessionName: z.string().optional().describe("Name of the session in CloudTrail."),
  duration: z.string().optional().describe("How long the session lasts, for example 1h."),
});

export const awsSchema = z.strictObject({
  // A profile may be called by an account's number, which Pulumi hands over as one.
  profile: z
    .union([z.string().min(1), z.number()])
    .optional()
    .describe("Profile of the AWS CLI; AWS_PROFILE has to name it too, for the token that kubectl asks the CLI for."),
  allowedAccountIds: z
    .array(accountId())
    .min(1)
    .optional()
    .describe("Accounts that the stack may be made in; with credentials of another, nothing is made."),
  assumeRoles: z.array(assumeRole).min(1).optional().describe("Roles to take, one after the other."),
});

/** What to do instead of a setting that is not handed on. */
const INSTEAD: Readonly<Record<string, string>> = {
  defaultTags: "name tags under pilotlight:tags",
  accessKey: "keep credentials out of the stack: use aws:profile, or the environment",
  secretKey: "keep credentials out of the stack: use aws:profile, or the environment",
  token: "keep credentials out of the stack: use aws:profile, or the environment",
};

/**
 * Faults of the `aws:` settings, the region aside: its rules are those of the zones.
 * @param adopted whether the cluster is there already; then there is no AWS provider to hand anything on to.
 */
export function awsFaults(settings: Readonly<Record<string, unknown>>, adopted: boolean): Fault[] {
  const handedOn = adopted ? [] : Object.keys(awsSchema.shape);
  const known = Object.entries(settings).filter(([key]) => handedOn.includes(key));
  const others = Object.keys(settings).filter((key) => key !== "region" && !handedOn.includes(key));
  const fault = (key: string) =>
    adopted
      ? "has no meaning with cluster.adopt, where the kit creates nothing in AWS; remove it"
      : `is not handed on to AWS by this kit (region, ${handedOn.join(", ")} are); ` +
        `${Object.hasOwn(INSTEAD, key) ? INSTEAD[key] : "set it in the profile that aws:profile names, or in the environment"}`;
  return [
    ...others.map((key) => ({ path: `aws:${key}`, message: fault(key) })),
    ...schemaFaults(awsSchema, Object.fromEntries(known)).map(({ path, message }) => ({
      path: `aws:${path}`,
      message,
    })),
  ];
}
