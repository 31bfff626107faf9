import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { EC2Client } from "@aws-sdk/client-ec2";
import { EKSClient } from "@aws-sdk/client-eks";
import { IAMClient } from "@aws-sdk/client-iam";
import { SNSClient } from "@aws-sdk/client-sns";
import { SSMClient } from "@aws-sdk/client-ssm";

/** The AWS services that the guard asks. */
export interface Clients {
  readonly cloudWatch: CloudWatchClient;
  readonly ec2: EC2Client;
  readonly eks: EKSClient;
  readonly iam: IAMClient;
  readonly sns: SNSClient;
  readonly ssm: SSMClient;
}

type ClientConfig = NonNullable<ConstructorParameters<typeof EC2Client>[0]>;

/** @param config region, credentials and endpoint, where they are not those of the environment. */
export function clients(config: Pick<ClientConfig, "region" | "credentials" | "endpoint"> = {}): Clients {
  const all = {
    ...config,
    retryMode: "standard",
    maxAttempts: 4,
    // A service that hangs must not take the function's whole time from the others.
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  };
  return {
    cloudWatch: new CloudWatchClient(all),
    ec2: new EC2Client(all),
    eks: new EKSClient(all),
    iam: new IAMClient(all),
    sns: new SNSClient(all),
    ssm: new SSMClient(all),
  };
}
