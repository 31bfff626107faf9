import type * as pulumi from "@pulumi/pulumi";

/** What every controller is told that has rights of its own in the account. */
export interface ControllerArgs {
  clusterName: pulumi.Input<string>;
  partition: pulumi.Input<string>;
  region: string;
  accountId: pulumi.Input<string>;
  /** Two survive the loss of a system node; one will do where a minute without the controller does no harm. */
  replicas: 1 | 2;
  /** What must exist first and be gone last. */
  after: pulumi.Resource[];
  permissionsBoundary?: string;
}
