import { version } from "@pulumi/aws/package.json";
import type { Processes } from "../../processes";
import type { Moments } from "../moments";
import { serve } from "../rpc";
import { Account, type Leftovers } from "./account";
import { startMoto } from "./moto";
import { awsProtocol } from "./protocol";
import { AwsDouble, type Note } from "./provider";
import type { Seed } from "./seed";
import { TABLE } from "./tables";

export type { Leftovers, Thing } from "./account";
export type { Note, Op } from "./provider";
export { type Seed, seedOf } from "./seed";

/** moto's own account. */
const ACCOUNT = "123456789012";

export interface AwsArgs {
  /** Python that has the packages of rehearsal/tools. */
  readonly python: string;
  /** Where moto is started, and logs. */
  readonly processes: Processes;
  /** URL of the rehearsal's Kubernetes API, and its certificate authority: a PEM file in base64. */
  readonly apiServer: string;
  readonly caData: string;
  /** Account whose ARNs the settings name. */
  readonly account?: string;
  /** Told of each step. */
  readonly note: Note;
  /** Told of each step's beginning and end, where faults come. */
  readonly moments?: Moments;
}

export interface Aws {
  /** For PULUMI_DEBUG_PROVIDERS. */
  readonly port: number;
  /** AWS_ENDPOINT_URL of other programs. */
  readonly url: string;
  /** The account itself, for what stands in for AWS's own machinery. */
  readonly account: Account;
  /** Puts in place what the account has before the stack comes. */
  seed(seed: Seed): Promise<void>;
  /** What the account holds beyond that. */
  leftovers(): Promise<Leftovers>;
  close(): Promise<void>;
}

/** An AWS account on this machine, and the provider that fills it. */
export async function startAws({
  python,
  processes,
  apiServer,
  caData,
  note,
  moments,
  account = ACCOUNT,
}: AwsArgs): Promise<Aws> {
  const moto = await startMoto({ python, processes, account });
  const aws = new Account(moto.url);
  const double = new AwsDouble(TABLE, aws, note);
  const served = await serve(awsProtocol(double, version, { account, apiServer, caData }, moments));
  return {
    port: served.port,
    url: moto.url,
    account: aws,
    seed: (seed) => aws.seed(seed),
    leftovers: () => aws.leftovers(),
    close: async () => {
      await served.close();
      await moto.stop();
    },
  };
}
