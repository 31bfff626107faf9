import { at, items, type Props, props, text, type Value } from "../../rehearsal/doubles/aws/table";
import type { AwsStage } from "./aws-stage";

/** A resource as Pulumi's state has it. */
export interface InState {
  readonly type: string;
  readonly urn: string;
  readonly id: string;
  readonly outputs: Props;
}

const pairs = (list: Value, key = "Key", value = "Value"): Props =>
  Object.fromEntries(items(list).map((pair) => [text(pair, key), pair[value]]));

type Reader = (stage: AwsStage, one: InState) => Promise<Props>;

/** A call whose answer has the tags at a path: as a list of pairs, or as they are. */
const reader =
  (
    service: string,
    operation: string,
    params: (one: InState) => Props,
    path: string,
    key?: string,
    value?: string,
  ): Reader =>
  async (stage, one) => {
    const found = at(await stage.call(service, operation, params(one)), path);
    return Array.isArray(found) ? pairs(found, key, value) : props(found);
  };

const ec2 = reader("ec2", "DescribeTags", ({ id }) => ({ Filters: [{ Name: "resource-id", Values: [id] }] }), "Tags");
const eks = (arn: string) =>
  reader("eks", "ListTagsForResource", ({ outputs }) => ({ resourceArn: outputs[arn] }), "tags");
const rds = reader("rds", "ListTagsForResource", ({ outputs }) => ({ ResourceName: outputs.arn }), "TagList");

/** How AWS itself is asked for the tags of a resource, by Pulumi type. */
const READERS: { readonly [type: string]: Reader } = {
  "aws:acm/certificate:Certificate": reader(
    "acm",
    "ListTagsForCertificate",
    ({ id }) => ({ CertificateArn: id }),
    "Tags",
  ),
  "aws:cloudwatch/eventRule:EventRule": reader(
    "events",
    "ListTagsForResource",
    ({ outputs }) => ({ ResourceARN: outputs.arn }),
    "Tags",
  ),
  "aws:cloudwatch/logGroup:LogGroup": reader(
    "logs",
    "ListTagsForResource",
    ({ outputs }) => ({ resourceArn: outputs.arn }),
    "tags",
  ),
  "aws:cloudwatch/metricAlarm:MetricAlarm": reader(
    "cloudwatch",
    "ListTagsForResource",
    ({ outputs }) => ({ ResourceARN: outputs.arn }),
    "Tags",
  ),
  "aws:ec2/eip:Eip": ec2,
  "aws:ec2/internetGateway:InternetGateway": ec2,
  "aws:ec2/launchTemplate:LaunchTemplate": ec2,
  "aws:ec2/natGateway:NatGateway": ec2,
  "aws:ec2/routeTable:RouteTable": ec2,
  "aws:ec2/securityGroup:SecurityGroup": ec2,
  "aws:ec2/subnet:Subnet": ec2,
  "aws:ec2/vpc:Vpc": ec2,
  "aws:ec2/vpcEndpoint:VpcEndpoint": ec2,
  "aws:eks/accessEntry:AccessEntry": eks("accessEntryArn"),
  "aws:eks/addon:Addon": eks("arn"),
  "aws:eks/cluster:Cluster": eks("arn"),
  "aws:eks/nodeGroup:NodeGroup": eks("arn"),
  "aws:eks/podIdentityAssociation:PodIdentityAssociation": eks("associationArn"),
  "aws:iam/role:Role": reader("iam", "ListRoleTags", ({ id }) => ({ RoleName: id }), "Tags"),
  "aws:kms/key:Key": reader("kms", "ListResourceTags", ({ id }) => ({ KeyId: id }), "Tags", "TagKey", "TagValue"),
  "aws:lambda/function:Function": reader("lambda", "ListTags", ({ outputs }) => ({ Resource: outputs.arn }), "Tags"),
  "aws:rds/instance:Instance": rds,
  "aws:rds/subnetGroup:SubnetGroup": rds,
  "aws:s3/bucket:Bucket": reader("s3", "GetBucketTagging", ({ id }) => ({ Bucket: id }), "TagSet"),
  "aws:scheduler/scheduleGroup:ScheduleGroup": reader(
    "scheduler",
    "ListTagsForResource",
    ({ outputs }) => ({ ResourceArn: outputs.arn }),
    "Tags",
  ),
  "aws:sns/topic:Topic": reader("sns", "ListTagsForResource", ({ id }) => ({ ResourceArn: id }), "Tags"),
  "aws:sqs/queue:Queue": reader("sqs", "ListQueueTags", ({ id }) => ({ QueueUrl: id }), "Tags"),
  "aws:ssm/parameter:Parameter": reader(
    "ssm",
    "ListTagsForResource",
    ({ id }) => ({ ResourceType: "Parameter", ResourceId: id }),
    "TagList",
  ),
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ec2,
};

/** The types of resource that the tests know the tags of. */
export const TAGGED_TYPES = Object.keys(READERS);

/** Tags of a resource as AWS has them. */
export function tagsInAws(stage: AwsStage, one: InState): Promise<Props> {
  const read = READERS[one.type];
  if (!read) throw new Error(`the test does not know how AWS tells the tags of ${one.type}`);
  return read(stage, one);
}
