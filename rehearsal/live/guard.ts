import { execFile } from "node:child_process";
import { join } from "node:path";
import type { GuardAnswer } from "../../guard/answer";
import { type GuardRequest, type GuardSettings, guardFunctionName, SETTINGS_VARIABLE } from "../../guard/settings";
import { PROJECT_ROOT } from "../../stacks/stack-file";
import type { Account } from "../doubles/aws/account";
import { service, text, type Where } from "../doubles/aws/table";
import { type Credentials, sessionOf } from "./role-session";

/*
 * The spend guard as it is deployed: the bundle that the program made, with the environment and the role of the function that
 * it created in the account. Only Lambda itself is missing: a process of this machine runs the code.
 */

const BUNDLE = join(PROJECT_ROOT, "node_modules/.cache/pilotlight/spend-guard.js");
/** Its log comes before, on the same stream. */
const RUN =
  "require(process.argv[1]).handler(JSON.parse(process.argv[2])).then((answer) => console.log(JSON.stringify(answer)))";
/** What the function itself may take. */
const PATIENCE_MS = 120_000;

export class DeployedGuard {
  private constructor(
    private readonly awsUrl: string,
    private readonly region: string,
    private readonly credentials: Credentials,
    readonly settings: GuardSettings,
  ) {}

  /** @throws Error where the stack has no such function. */
  static async open(account: Account, awsUrl: string, where: Where, stack: string): Promise<DeployedGuard> {
    const name = guardFunctionName(stack);
    const found = await account.call(service("lambda")("GetFunctionConfiguration", { FunctionName: name }), where);
    const settings = JSON.parse(text(found, `Environment.Variables.${SETTINGS_VARIABLE}`)) as GuardSettings;
    return new DeployedGuard(awsUrl, where.region, await sessionOf(account, where, text(found, "Role")), settings);
  }

  /** ARN of Karpenter's role. */
  launchRoleArn({ partition, account }: Where): string {
    return `arn:${partition}:iam::${account}:role/${this.settings.launchRole}`;
  }

  /** Runs the function once. @param changed settings that are not those of the stack. */
  run(request: GuardRequest, changed: Partial<GuardSettings> = {}): Promise<GuardAnswer> {
    const env = {
      PATH: process.env.PATH,
      AWS_ENDPOINT_URL: this.awsUrl,
      AWS_REGION: this.region,
      ...this.credentials,
      [SETTINGS_VARIABLE]: JSON.stringify({ ...this.settings, ...changed }),
    };
    const args = ["-e", RUN, BUNDLE, JSON.stringify(request)];
    return new Promise((resolve, reject) => {
      execFile(process.execPath, args, { env, timeout: PATIENCE_MS }, (error, out, err) => {
        if (error !== null) reject(new Error(`the spend guard failed at ${request.action}: ${err || error.message}`));
        else resolve(JSON.parse(out.trim().split("\n").at(-1) ?? "") as GuardAnswer);
      });
    });
  }

  /** From now on, or no more, the account judges the guard by its policies, and Karpenter by what it is denied. */
  async judged(account: Account, where: Where, on: boolean): Promise<void> {
    const { launchRole } = this.settings;
    const params = { on, denialsOf: launchRole === undefined ? [] : [launchRole] };
    await account.call({ service: "pilotlight", operation: "EnforceIam", params }, where);
  }
}
