import type { Account } from "../doubles/aws/account";
import { service, text, type Where } from "../doubles/aws/table";

/** What a program finds its credentials by. */
export interface Credentials {
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
  readonly AWS_SESSION_TOKEN?: string;
}

/** Somebody whom the account knows nothing of, and denies nothing. */
export const ANYBODY: Credentials = { AWS_ACCESS_KEY_ID: "rehearsal", AWS_SECRET_ACCESS_KEY: "rehearsal" };

/** A session of a role, whose calls the account can judge by the role's policies. */
export async function sessionOf(account: Account, where: Where, roleArn: string): Promise<Credentials> {
  const { Credentials: keys } = await account.call(
    service("sts")("AssumeRole", { RoleArn: roleArn, RoleSessionName: "rehearsal" }),
    where,
  );
  return {
    AWS_ACCESS_KEY_ID: text({ keys }, "keys.AccessKeyId"),
    AWS_SECRET_ACCESS_KEY: text({ keys }, "keys.SecretAccessKey"),
    AWS_SESSION_TOKEN: text({ keys }, "keys.SessionToken"),
  };
}
