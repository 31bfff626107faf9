import { describe, expect, test } from "vitest";
import { NodeRole } from "../../components/node-role";
import { SystemNodes, type SystemNodesArgs } from "../../components/system-nodes";
import { eksAddons } from "../../components/versions";
import { find, names, type Registered, register } from "../harness";
import { creationOrder, Marker } from "../order";

const make = (change: Partial<SystemNodesArgs> = {}) =>
  new SystemNodes("system", {
    clusterName: "kit",
    nodeRole: new NodeRole("node", { partition: "aws" }),
    subnetIds: ["subnet-1", "subnet-2"],
    kubernetes: "1.35",
    count: 2,
    tags: { team: "ml" },
    ...change,
  });
const build = (change?: Partial<SystemNodesArgs>) => register(() => make(change));
const addon = (seen: Registered[], name: string) => find(seen, "aws:eks/addon:Addon", `system-${name}`).inputs;
const ADDONS = ["coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"] as const;

describe("SystemNodes", () => {
  test("registers exactly these resources", async () => {
    expect(names(await build()).filter(([, name]) => !name.startsWith("node"))).toEqual([
      ["aws:ec2/launchTemplate:LaunchTemplate", "system"],
      ["aws:eks/addon:Addon", "system-coredns"],
      ["aws:eks/addon:Addon", "system-eks-pod-identity-agent"],
      ["aws:eks/addon:Addon", "system-kube-proxy"],
      ["aws:eks/addon:Addon", "system-vpc-cni"],
      ["aws:eks/nodeGroup:NodeGroup", "system"],
      ["aws:iam/role:Role", "system-cni"],
      ["aws:iam/rolePolicyAttachment:RolePolicyAttachment", "system-cni"],
      ["pilotlight:index:SystemNodes", "system"],
    ]);
  });

  test("addons have the table's version for the cluster's Kubernetes", async () => {
    for (const kubernetes of ["1.34", "1.35"]) {
      const seen = await build({ kubernetes });
      for (const name of ADDONS)
        expect(addon(seen, name)).toEqual(
          expect.objectContaining({
            clusterName: "kit",
            addonName: name,
            addonVersion: eksAddons[kubernetes]?.[name],
            resolveConflictsOnCreate: "OVERWRITE",
            resolveConflictsOnUpdate: "OVERWRITE",
          }),
        );
      expect(addon(seen, "kube-proxy").addonVersion).toMatch(new RegExp(`^v${kubernetes}\\.\\d+-eksbuild\\.\\d+$`));
    }
  });

  test("the CNI enforces network policies, with a role of its own and not the node's", async () => {
    const seen = await build();
    expect(addon(seen, "vpc-cni")).toMatchObject({
      // Text, not a boolean: that is the type in the addon's schema.
      configurationValues: '{"enableNetworkPolicy":"true"}',
      podIdentityAssociations: [
        { roleArn: "arn:aws:mock:us-east-1:123456789012:system-cni", serviceAccount: "aws-node" },
      ],
    });
    expect(find(seen, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "system-cni").inputs).toEqual({
      role: "system-cni",
      policyArn: "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
    });
    expect(JSON.parse(String(find(seen, "aws:iam/role:Role", "system-cni").inputs.assumeRolePolicy))).toMatchObject({
      Statement: [{ Principal: { Service: "pods.eks.amazonaws.com" }, Action: ["sts:AssumeRole", "sts:TagSession"] }],
    });
  });

  test("nodes: on demand, with the label that system pods select, and room for one more during an update", async () => {
    expect(find(await build({ count: 3 }), "aws:eks/nodeGroup:NodeGroup", "system").inputs).toEqual({
      clusterName: "kit",
      nodeRoleArn: "arn:aws:mock:us-east-1:123456789012:node",
      subnetIds: ["subnet-1", "subnet-2"],
      amiType: "AL2023_x86_64_STANDARD",
      version: "1.35",
      releaseVersion: "1.35.6-20260714",
      instanceTypes: ["m7i.large", "m6i.large", "m5.large"],
      capacityType: "ON_DEMAND",
      launchTemplate: { id: "system-id", version: "7" },
      scalingConfig: { minSize: 3, desiredSize: 3, maxSize: 4 },
      updateConfig: { maxUnavailable: 1 },
      labels: { "pilotlight.dev/role": "system" },
    });
  });

  test("nodes follow the cluster to another Kubernetes version, in version and image", async () => {
    const group = async (kubernetes: string) =>
      find(await build({ kubernetes }), "aws:eks/nodeGroup:NodeGroup", "system").inputs;
    expect(await group("1.34")).toEqual({
      ...(await group("1.35")),
      version: "1.34",
      releaseVersion: "1.34.9-20260714",
    });
  });

  test("pods cannot reach a node's credentials, disks are encrypted, and instances carry the stack's tags", async () => {
    const tags = { team: "ml", Name: "system" };
    expect(find(await build(), "aws:ec2/launchTemplate:LaunchTemplate", "system").inputs).toEqual({
      metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1, httpEndpoint: "enabled" },
      blockDeviceMappings: [
        {
          deviceName: "/dev/xvda",
          ebs: { volumeSize: 50, volumeType: "gp3", encrypted: "true", deleteOnTermination: "true" },
        },
      ],
      tagSpecifications: [
        { resourceType: "instance", tags },
        { resourceType: "volume", tags },
      ],
    });
  });

  test("the CNI comes before the nodes, and nodes before CoreDNS, which is never healthy without one", async () => {
    const order = await creationOrder(() => {
      new Marker("pods", make().ready);
    });
    for (const [later, earlier] of [
      ["Addon system-vpc-cni", "Addon system-eks-pod-identity-agent"],
      ["Addon system-vpc-cni", "RolePolicyAttachment system-cni"],
      ["NodeGroup system", "Addon system-vpc-cni"],
      ["NodeGroup system", "Addon system-kube-proxy"],
      ["NodeGroup system", "RolePolicyAttachment node-worker"],
      ["NodeGroup system", "RolePolicyAttachment node-pull"],
      ["Addon system-coredns", "NodeGroup system"],
      ["Marker pods", "Addon system-coredns"],
      ["Marker pods", "Addon system-eks-pod-identity-agent"],
    ] as const)
      expect(order.waits(later, earlier), `${later} after ${earlier}`).toBe(true);
    // DaemonSets are healthy without a node; waiting for one would be a circle.
    expect(order.waits("Addon system-vpc-cni", "NodeGroup system")).toBe(false);
  });
});
