import type { Props } from "../../rehearsal/doubles/aws/table";
import { type AwsStage, type Made, startStage, WHERE } from "./aws-stage";

export const trust = (service: string, actions = ["sts:AssumeRole", "sts:TagSession"]) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: actions }],
  });
const WORKER_POLICY = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy";
export const PASSWORD = "kq7XvT2mPz94LbRw";

/** A small network in a fresh account, with a cluster, its nodes and a database in it. */
export class AwsNetwork {
  /** In the order in which they were made. */
  readonly made: Record<string, Made> = {};

  private constructor(readonly stage: AwsStage) {}

  static async create(): Promise<AwsNetwork> {
    const network = new AwsNetwork(await startStage());
    await network.build();
    return network;
  }

  readonly of = (name: string): Made => {
    const one = this.made[name];
    if (one === undefined) throw new Error(`no ${name} was made`);
    return one;
  };
  readonly id = (name: string) => this.of(name).id;
  readonly arn = (name: string) => String(this.of(name).outs.arn);
  readonly subnets = () => [this.id("subnet-a"), this.id("subnet-b")];

  async add(type: string, name: string, given: Props): Promise<void> {
    this.made[name] = await this.stage.create(type, name, given);
  }

  async remove(name: string): Promise<void> {
    const { type, id, inputs, outs } = this.of(name);
    await this.stage.double.delete({ type, name, id }, { ...outs, ...inputs }, WHERE);
  }

  /** Changes inputs of a resource that stays, and says what the change would replace. */
  async change(name: string, more: Props): Promise<readonly string[]> {
    const { type, id, given, inputs, outs } = this.of(name);
    const { double } = this.stage;
    const next = { ...given, ...more };
    const checked = double.check({ type, name, given: next, seed: name, old: inputs, defaultTags: {} });
    const { replaces } = double.diff(type, inputs, checked.inputs);
    const changed = await double.update({ type, name, id }, inputs, checked.inputs, outs, WHERE);
    this.made[name] = { type, name, id, given: next, inputs: checked.inputs, outs: changed };
    return replaces;
  }

  database(more: Props = {}): Props {
    return {
      engine: "postgres",
      engineVersion: "17",
      instanceClass: "db.t4g.small",
      allocatedStorage: 20,
      username: "litellm",
      password: PASSWORD,
      dbSubnetGroupName: this.id("database-subnets"),
      vpcSecurityGroupIds: [this.id("database-group")],
      skipFinalSnapshot: true,
      ...more,
    };
  }

  private async build(): Promise<void> {
    await this.stage.aws.seed({ region: "us-east-1", zones: ["example.com"], policies: [], principals: [] });
    await this.add("aws:ec2/vpc:Vpc", "vpc", { cidrBlock: "10.0.0.0/16" });
    const subnet = (zone: string, cidrBlock: string) => ({ vpcId: this.id("vpc"), availabilityZone: zone, cidrBlock });
    await this.add("aws:ec2/subnet:Subnet", "subnet-a", subnet("us-east-1a", "10.0.0.0/24"));
    await this.add("aws:ec2/subnet:Subnet", "subnet-b", subnet("us-east-1b", "10.0.1.0/24"));
    await this.add("aws:ec2/internetGateway:InternetGateway", "gateway", { vpcId: this.id("vpc") });
    await this.add("aws:ec2/eip:Eip", "address", { domain: "vpc" });
    const nat = { subnetId: this.id("subnet-a"), allocationId: this.id("address") };
    await this.add("aws:ec2/natGateway:NatGateway", "nat", nat);
    await this.add("aws:iam/role:Role", "eks", { assumeRolePolicy: trust("eks.amazonaws.com") });
    await this.add("aws:iam/role:Role", "node", { assumeRolePolicy: trust("ec2.amazonaws.com", ["sts:AssumeRole"]) });
    const attachment = { role: this.id("node"), policyArn: WORKER_POLICY };
    await this.add("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "node-worker", attachment);
    const cluster = { name: "c1", version: "1.35", roleArn: this.arn("eks"), vpcConfig: { subnetIds: this.subnets() } };
    await this.add("aws:eks/cluster:Cluster", "cluster", cluster);
    const group = {
      clusterName: "c1",
      nodeRoleArn: this.arn("node"),
      subnetIds: this.subnets(),
      instanceTypes: ["m5.large"],
    };
    const scalingConfig = { minSize: 0, desiredSize: 1, maxSize: 2 };
    await this.add("aws:eks/nodeGroup:NodeGroup", "nodes", { ...group, scalingConfig });
    await this.add("aws:ec2/securityGroup:SecurityGroup", "database-group", { vpcId: this.id("vpc") });
    const rule = { securityGroupId: this.id("database-group"), ipProtocol: "tcp", fromPort: 5432, toPort: 5432 };
    const client = { referencedSecurityGroupId: (this.of("cluster").outs.vpcConfig as Props).clusterSecurityGroupId };
    await this.add("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "database-in", { ...rule, ...client });
    await this.add("aws:rds/subnetGroup:SubnetGroup", "database-subnets", { subnetIds: this.subnets() });
    await this.add("aws:rds/instance:Instance", "database", this.database());
  }
}
