import { setTimeout as sleep } from "node:timers/promises";
import type { AwsError } from "./account";

/*
 * What the provider and AWS's SDK in it try again by themselves. Waits are played 60 times as fast: a minute is a second.
 */

export const HURRY = 60;

/** Attempts of the SDK at a call that is throttled: the provider's `max_retries`. */
const ATTEMPTS = 25;
/** Longest wait between two of them, in ms; it doubles from a tenth of a second. Source: aws-sdk-go-v2, aws/retry. */
const LONGEST_WAIT_MS = 20_000;

const THROTTLED = /^(RequestLimitExceeded|Throttling|ThrottlingException|TooManyRequestsException)$/;

/** How long the provider waits until IAM's news has reached a service. Source: terraform-provider-aws, 2 minutes each. */
const PROPAGATION_MS = 120_000;
const PROPAGATION_PAUSE_MS = 3000;

/** By which words it knows that case. Source: terraform-provider-aws, internal/service/{eks,lambda,scheduler}. */
const NOT_PROPAGATED: Readonly<Record<string, RegExp>> = {
  "eks CreateCluster":
    /does not exist|Error in role params|Role could not be assumed because the trusted entity is not/,
  "eks CreateAccessEntry": /The specified principalArn is invalid: invalid principal/,
  "lambda CreateFunction": /The role defined for the function cannot be assumed by Lambda/,
  "scheduler CreateSchedule": /must allow AWS EventBridge Scheduler to assume the role/,
};

/** Waits before one more attempt, or says with which words the provider gives up; nothing where it would not try again. */
export class Patience {
  private readonly began = Date.now();
  private attempts = 0;

  async after({ call, code, reason }: AwsError): Promise<{ readonly giveUp?: string }> {
    this.attempts += 1;
    if (THROTTLED.test(code)) {
      if (this.attempts >= ATTEMPTS) return { giveUp: `exceeded maximum number of attempts, ${ATTEMPTS}: ${reason}` };
      await sleep(Math.min(LONGEST_WAIT_MS, 100 * 2 ** (this.attempts - 1)) / HURRY);
      return {};
    }
    if (!NOT_PROPAGATED[`${call.service} ${call.operation}`]?.test(reason)) return { giveUp: reason };
    if (Date.now() - this.began > PROPAGATION_MS / HURRY) return { giveUp: reason };
    await sleep(PROPAGATION_PAUSE_MS / HURRY);
    return {};
  }
}
