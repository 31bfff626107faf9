import { alarms } from "./services/alarms";
import { dns } from "./services/dns";
import { launchTemplates } from "./services/ec2-launch-template";
import { network } from "./services/ec2-network";
import { routes } from "./services/ec2-routes";
import { security } from "./services/ec2-security";
import { access } from "./services/eks-access";
import { clusters } from "./services/eks-cluster";
import { eventsAndQueues } from "./services/events-and-queues";
import { guard } from "./services/guard";
import { identity } from "./services/iam";
import { keysAndLogs } from "./services/keys-and-logs";
import { databases } from "./services/rds";
import { buckets } from "./services/s3";
import { secretStore } from "./services/secrets";
import type { Table } from "./table";

/** Every resource type the AWS double knows. */
export const TABLE: Table = {
  ...network,
  ...routes,
  ...security,
  ...launchTemplates,
  ...identity,
  ...clusters,
  ...access,
  ...keysAndLogs,
  ...eventsAndQueues,
  ...buckets,
  ...databases,
  ...dns,
  ...secretStore,
  ...guard,
  ...alarms,
};
