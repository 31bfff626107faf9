import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { Cluster, type ClusterArgs } from "../../components/cluster";
import { Network } from "../../components/network";
import { find, names, type Registered, register } from "../harness";
import { creationOrder } from "../order";

const CLUSTER = "aws:eks/cluster:Cluster";

function make(change: Partial<ClusterArgs> = {}): Cluster {
  const network = new Network("net", {
    cidr: "10.40.0.0/16",
    zones: ["us-east-1a", "us-east-1b"],
    nat: "one",
    region: "us-east-1",
  });
  return new Cluster("cluster", {
    clusterName: "kit-dev",
    kubernetes: "1.35",
    network,
    region: "us-east-1",
    partition: "aws",
    apiCidrs: [],
    admins: [],
    ...change,
  });
}
/** What the cluster registers; its network has a test of its own. */
const build = async (change?: Partial<ClusterArgs>) =>
  (await register(() => make(change))).filter(({ type }) => !/^aws:ec2|Network$/.test(type));
const vpcConfig = (seen: Registered[]) => find(seen, CLUSTER, "cluster").inputs.vpcConfig;

describe("Cluster", () => {
  test("registers exactly these resources", async () => {
    expect(names(await build({ admins: ["arn:aws:iam::123456789012:role/team/ops"] }))).toEqual([
      ["aws:cloudwatch/logGroup:LogGroup", "cluster"],
      ["aws:eks/accessEntry:AccessEntry", "cluster-admin-123456789012-role-team-ops"],
      ["aws:eks/accessEntry:AccessEntry", "cluster-elastic-node"],
      ["aws:eks/accessPolicyAssociation:AccessPolicyAssociation", "cluster-admin-123456789012-role-team-ops"],
      ["aws:eks/cluster:Cluster", "cluster"],
      ["aws:iam/role:Role", "cluster"],
      ["aws:iam/role:Role", "cluster-elastic-node"],
      ["aws:iam/role:Role", "cluster-node"],
      ["aws:iam/rolePolicyAttachment:RolePolicyAttachment", "cluster"],
      ["aws:iam/rolePolicyAttachment:RolePolicyAttachment", "cluster-elastic-node-pull"],
      ["aws:iam/rolePolicyAttachment:RolePolicyAttachment", "cluster-elastic-node-worker"],
      ["aws:iam/rolePolicyAttachment:RolePolicyAttachment", "cluster-node-pull"],
      ["aws:iam/rolePolicyAttachment:RolePolicyAttachment", "cluster-node-worker"],
      ["aws:kms/alias:Alias", "cluster"],
      ["aws:kms/key:Key", "cluster"],
      ["pilotlight:index:Cluster", "cluster"],
      ["pilotlight:index:NodeRole", "cluster-elastic-node"],
      ["pilotlight:index:NodeRole", "cluster-node"],
      ["pulumi:providers:kubernetes", "cluster"],
    ]);
  });

  test("the control plane: access entries alone, pinned addons alone, standard support, every log", async () => {
    expect(find(await build(), CLUSTER, "cluster").inputs).toEqual({
      name: "kit-dev",
      version: "1.35",
      roleArn: "arn:aws:mock:us-east-1:123456789012:cluster",
      accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: true },
      bootstrapSelfManagedAddons: false,
      upgradePolicy: { supportType: "STANDARD" },
      encryptionConfig: {
        provider: { keyArn: "arn:aws:mock:us-east-1:123456789012:cluster" },
        resources: ["secrets"],
      },
      enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
      vpcConfig: {
        subnetIds: ["net-private-us-east-1a-id", "net-private-us-east-1b-id"],
        endpointPrivateAccess: true,
        endpointPublicAccess: false,
      },
    });
  });

  test("its API is public for the ranges given, and with none for nobody", async () => {
    expect(vpcConfig(await build({ apiCidrs: ["203.0.113.0/24"] }))).toMatchObject({
      endpointPrivateAccess: true,
      endpointPublicAccess: true,
      publicAccessCidrs: ["203.0.113.0/24"],
    });
    // Without ranges of its own EKS would open a public endpoint to everybody.
    expect(vpcConfig(await build())).not.toHaveProperty("publicAccessCidrs");
    expect(vpcConfig(await build())).toMatchObject({ endpointPublicAccess: false });
  });

  test("secrets are encrypted with a key that rotates, and logs go where EKS writes them, for 30 days", async () => {
    const seen = await build();
    expect(find(seen, "aws:kms/key:Key", "cluster").inputs).toMatchObject({
      enableKeyRotation: true,
      deletionWindowInDays: 7,
    });
    expect(find(seen, "aws:cloudwatch/logGroup:LogGroup", "cluster").inputs).toEqual({
      name: "/aws/eks/kit-dev/cluster",
      retentionInDays: 30,
    });
  });

  test("each admin once, and a role and a user of one name are two", async () => {
    const role = "arn:aws:iam::123456789012:role/ops";
    const user = "arn:aws:iam::123456789012:user/ops";
    const seen = await build({ admins: [role, user, role] });
    const policies = seen.filter(({ type }) => type.endsWith(":AccessPolicyAssociation"));
    expect(policies.map(({ inputs }) => inputs)).toEqual(
      [role, user].map((principalArn) => ({
        clusterName: "kit-dev",
        principalArn,
        policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        accessScope: { type: "cluster" },
      })),
    );
  });

  test("Karpenter's nodes join by an entry for their own role; EKS itself lets managed groups in", async () => {
    const seen = await build();
    expect(find(seen, "aws:eks/accessEntry:AccessEntry", "cluster-elastic-node").inputs).toEqual({
      clusterName: "kit-dev",
      principalArn: "arn:aws:mock:us-east-1:123456789012:cluster-elastic-node",
      type: "EC2_LINUX",
    });
  });

  test("the kubeconfig is a secret that holds no credential", async () => {
    let secret: boolean | undefined;
    const seen = await register(async () => {
      secret = await pulumi.isSecret(make().kubeconfig);
    });
    expect(secret).toBe(true);
    const { kubeconfig } = find(seen, "pulumi:providers:kubernetes", "cluster").inputs as {
      kubeconfig: { value: string };
    };
    expect(JSON.parse(kubeconfig.value).users[0].user).toEqual({ exec: expect.objectContaining({ command: "aws" }) });
    expect(kubeconfig.value).toContain("https://cluster.example");
  });

  test("goes before its log group, role, key and network; and everything in it before who may call the API", async () => {
    const order = await creationOrder(() => make({ admins: ["arn:aws:iam::123456789012:role/ops"] }));
    for (const earlier of [
      "LogGroup cluster",
      "RolePolicyAttachment cluster",
      "Key cluster",
      "NatGateway net-us-east-1a",
      "RouteTableAssociation net-private-us-east-1b",
    ])
      expect(order.waits("Cluster cluster", earlier), earlier).toBe(true);
    for (const earlier of [
      "Cluster cluster",
      "AccessPolicyAssociation cluster-admin-123456789012-role-ops",
      "NatGateway net-us-east-1a",
    ])
      expect(order.waits("kubernetes cluster", earlier), earlier).toBe(true);
  });
});
