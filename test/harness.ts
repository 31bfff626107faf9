import * as pulumi from "@pulumi/pulumi";
import { EKS_STANDARD_SUPPORT_ENDS } from "../planner/kubernetes-versions";

/** One resource as the program registered it: what the engine would be sent. */
export interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  provider?: string;
}

/** Outputs that the cloud adds and the components read. */
function outputsOf(args: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
  const arn = `arn:aws:mock:us-east-1:123456789012:${args.name}`;
  switch (args.type) {
    case "aws:eks/cluster:Cluster":
      return {
        arn,
        name: args.inputs.name ?? args.name,
        endpoint: "https://cluster.example",
        certificateAuthority: { data: "Q0E=" },
        vpcConfig: { ...args.inputs.vpcConfig, clusterSecurityGroupId: "sg-cluster" },
      };
    case "aws:ec2/launchTemplate:LaunchTemplate":
      return { arn, name: args.name, latestVersion: 7 };
    case "aws:eks/nodeGroup:NodeGroup":
      return { arn, nodeGroupName: args.inputs.nodeGroupName ?? args.name };
    case "aws:rds/instance:Instance":
      return { arn, address: "db.example", port: 5432, endpoint: "db.example:5432" };
    case "random:index/randomPassword:RandomPassword":
      return { result: `${args.name}-secret` };
    case "kubernetes:helm.sh/v3:Release":
      return {
        status: {
          name: args.inputs.name ?? args.name,
          namespace: args.inputs.namespace ?? "default",
          status: "deployed",
        },
      };
    case "kubernetes:networking.k8s.io/v1:Ingress":
      return { status: { loadBalancer: { ingress: [{ hostname: "alb.example" }] } } };
    case "aws:acm/certificate:Certificate":
      return {
        arn,
        domainValidationOptions: [
          {
            domainName: args.inputs.domainName,
            resourceRecordName: "_x",
            resourceRecordType: "CNAME",
            resourceRecordValue: "_y",
          },
        ],
      };
    default:
      return { arn, name: args.inputs.name ?? args.name, url: `https://mock/${args.name}` };
  }
}

/** What the functions the components call answer. */
function answer(args: pulumi.runtime.MockCallArgs): Record<string, unknown> {
  switch (args.token) {
    case "aws:index/getCallerIdentity:getCallerIdentity":
      return { accountId: "123456789012", arn: "arn:aws:iam::123456789012:user/me" };
    case "aws:index/getPartition:getPartition":
      return { partition: "aws", dnsSuffix: "amazonaws.com" };
    case "aws:index/getRegion:getRegion":
      return { region: "us-east-1", name: "us-east-1" };
    case "aws:servicequotas/getServiceQuota:getServiceQuota":
      return { value: 10_000 };
    case "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": {
      const types: string[] = args.inputs.filters[0].values;
      const zones = ["us-east-1a", "us-east-1b", "us-east-1c"];
      return {
        instanceTypes: types.flatMap((type) => zones.map(() => type)),
        locations: types.flatMap(() => zones),
      };
    }
    case "aws:eks/getClusterVersions:getClusterVersions":
      return {
        clusterVersions: Object.entries(EKS_STANDARD_SUPPORT_ENDS).map(([clusterVersion, ends]) => ({
          clusterVersion,
          versionStatus: "STANDARD_SUPPORT",
          endOfStandardSupportDate: ends,
          endOfExtendedSupportDate: ends,
        })),
      };
    case "aws:route53/getZone:getZone":
      return { zoneId: "Z123", name: args.inputs.name };
    case "aws:lb/getHostedZoneId:getHostedZoneId":
      return { id: "ZALB" };
    case "aws:ec2/getSubnet:getSubnet":
      return { id: args.inputs.id, availabilityZone: "us-east-1a", vpcId: "vpc-adopted" };
    case "aws:ec2/getVpc:getVpc":
      return { id: args.inputs.id, cidrBlock: "10.9.0.0/16" };
    default:
      return args.inputs;
  }
}

/** Mocks that answer as AWS and the cluster would, and tell `seen` of every registration. */
export const mocks = (seen: (resource: Registered) => void = () => {}): pulumi.runtime.Mocks => ({
  newResource: (args) => {
    seen({ type: args.type, name: args.name, inputs: args.inputs, provider: args.provider });
    return { id: args.id || `${args.name}-id`, state: { ...args.inputs, ...outputsOf(args) } };
  },
  call: answer,
});

/** Build resources against mocks and return every registration, sorted by type and name. */
export async function register(build: () => unknown): Promise<Registered[]> {
  const seen: Registered[] = [];
  await pulumi.runtime.setMocks(
    mocks((resource) => seen.push(resource)),
    "pilotlight",
    "test",
    false,
  );
  await build();
  await pulumi.runtime.disconnect();
  return seen.sort((a, b) => `${a.type} ${a.name}`.localeCompare(`${b.type} ${b.name}`));
}

/** The exact list a component registers, for one readable assertion. */
export const names = (seen: Registered[]): [string, string][] => seen.map(({ type, name }) => [type, name]);

/** The one resource with that type and name, or a failure that lists what there is. */
export function find(seen: Registered[], type: string, name: string): Registered {
  const found = seen.find((resource) => resource.type === type && resource.name === name);
  if (!found) throw new Error(`no ${type} "${name}" among:\n${names(seen).join("\n")}`);
  return found;
}

/** What an output of freshly made resources holds, once the mocks have answered. */
export async function known<T>(make: () => pulumi.Input<T>): Promise<pulumi.Unwrap<T>> {
  const value: pulumi.Unwrap<T>[] = [];
  await register(async () => {
    value.push(await new Promise<pulumi.Unwrap<T>>((done) => pulumi.output(make()).apply(done)));
  });
  return value[0] as pulumi.Unwrap<T>;
}
