import type { Stack } from "@pulumi/pulumi/automation";
import type { Stage } from "../stage";

/** What is done to a stack when a fault comes. */
export type Phase = "up" | "destroy";

/** All that a fault may touch. */
export interface World {
  readonly stage: Stage;
  readonly stack: Stack;
  /** Of the stack's settings. */
  readonly region: string;
  /** The stack's name in AWS: of its cluster, and the value of its tag. */
  readonly name: string;
  /** PULUMI_HOME of this run's engines, by which their processes are known. */
  readonly home: string;
}

/** A call of the rehearsal's AWS account. */
export const inAws = ({ stage, region }: World, service: string, operation: string, params: Record<string, unknown>) =>
  stage.aws.account.call({ service, operation, params: JSON.parse(JSON.stringify(params)) }, { region });
