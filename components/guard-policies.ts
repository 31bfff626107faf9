import type { Statement } from "./policy-document";

/*
 * Who may take the roles of the spend guard, and what is theirs besides the guard's own policy. Pure: text in, JSON out.
 */

/** Trust policies name no resource. */
const document = (...Statement: (Omit<Statement, "Resource"> & Partial<Statement>)[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement });

export const trustLambda = document({
  Sid: "RunTheGuard",
  Effect: "Allow",
  Principal: { Service: ["lambda.amazonaws.com"] },
  Action: ["sts:AssumeRole"],
});

/**
 * Trust in the scheduler, for schedules of this group alone.
 * It names the group, as the ARN of a schedule would never match. Source: EventBridge Scheduler user guide, confused deputy.
 */
export const trustScheduler = (accountId: string, groupArn: string): string =>
  document({
    Sid: "KeepTheSchedule",
    Effect: "Allow",
    Principal: { Service: ["scheduler.amazonaws.com"] },
    Action: ["sts:AssumeRole"],
    Condition: { StringEquals: { "aws:SourceAccount": accountId }, ArnEquals: { "aws:SourceArn": groupArn } },
  });

/** The schedule's role calls the guard and nothing else. */
export const mayInvoke = (functionArn: string): string =>
  document({ Sid: "InvokeTheGuard", Effect: "Allow", Action: ["lambda:InvokeFunction"], Resource: functionArn });

/** It may not make a log group: one made by a last run would stay after a destroy. */
export const mayLog = (logGroupArn: string): string =>
  document({
    Sid: "WriteOwnLog",
    Effect: "Allow",
    Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
    Resource: `${logGroupArn}:*`,
  });
