import { describe, expect, test } from "vitest";
import { ElasticGpuPool, SteadyGpuPool, type SteadyGpuPoolArgs, steadyUserData } from "../../components/gpu-pool";
import type { GpuPoolSpec } from "../../components/gpu-pool-objects";
import { amis } from "../../components/versions";
import { find, names, register } from "../harness";
import { creationOrder, Marker } from "../order";
import { gpuPool } from "./gpu-pools";

const image = { driver: "ami", release: amis.al2023.release } as const;
const elastic = (change?: Partial<GpuPoolSpec>, after: Marker[] = []) =>
  new ElasticGpuPool("l40s-elastic", {
    pool: gpuPool(change),
    image,
    nodeRoleName: "elastic-node",
    subnetIds: ["subnet-1"],
    securityGroupId: "sg-1",
    tags: { team: "ml" },
    drainSeconds: 400,
    after,
  });
const steady = (pool: Partial<GpuPoolSpec> = {}, change: Partial<SteadyGpuPoolArgs> = {}) =>
  new SteadyGpuPool("l40s-steady", {
    pool: gpuPool({ steadyNodes: 2, ...pool }),
    clusterName: "kit",
    image,
    kubernetes: "1.35",
    nodeRoleArn: "arn:node",
    subnetIds: ["subnet-1"],
    tags: { team: "ml" },
    after: [],
    ...change,
  });

describe("ElasticGpuPool", () => {
  test("registers a node class, and a node pool for each step of the order", async () => {
    const seen = await register(() => elastic({ capacity: ["reserved", "spot"], reservationIds: ["cr-1"] }));
    expect(names(seen)).toEqual([
      ["kubernetes:karpenter.k8s.aws/v1:EC2NodeClass", "l40s-elastic"],
      ["kubernetes:karpenter.sh/v1:NodePool", "l40s-elastic-reserved"],
      ["kubernetes:karpenter.sh/v1:NodePool", "l40s-elastic-spot"],
      ["pilotlight:index:ElasticGpuPool", "l40s-elastic"],
    ]);
    expect(find(seen, "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass", "l40s-elastic").inputs).toMatchObject({
      metadata: { name: "l40s" },
      spec: { role: "elastic-node", subnetSelectorTerms: [{ id: "subnet-1" }] },
    });
    expect(find(seen, "kubernetes:karpenter.sh/v1:NodePool", "l40s-elastic-spot").inputs).toMatchObject({
      metadata: { name: "l40s-spot" },
      spec: { weight: 90, template: { spec: { nodeClassRef: { name: "l40s" } } } },
    });
  });

  test("pods come after the pools, pools after the class, the class after Karpenter: destroyed in the reverse", async () => {
    const order = await creationOrder(() => {
      const karpenter = new Marker("karpenter");
      new Marker("pods", elastic({ capacity: ["on-demand", "spot"] }, [karpenter]).ready);
    });
    for (const pool of ["NodePool l40s-elastic-on-demand", "NodePool l40s-elastic-spot"]) {
      expect(order.waits("Marker pods", pool), pool).toBe(true);
      expect(order.waits(pool, "EC2NodeClass l40s-elastic"), pool).toBe(true);
      expect(order.waits(pool, "Marker karpenter"), pool).toBe(true);
      // The drain of the longest answer, and the end of the instance.
      expect(order.timeout(pool, "delete")).toBe("1300s");
    }
    expect(order.waits("EC2NodeClass l40s-elastic", "Marker karpenter")).toBe(true);
  });
});

describe("SteadyGpuPool", () => {
  test("registers a launch template and a node group", async () => {
    expect(names(await register(() => steady()))).toEqual([
      ["aws:ec2/launchTemplate:LaunchTemplate", "l40s-steady"],
      ["aws:eks/nodeGroup:NodeGroup", "l40s-steady"],
      ["pilotlight:index:SteadyGpuPool", "l40s-steady"],
    ]);
  });

  test("on demand: the pool's types, labels and taint, and no spare node for an update", async () => {
    const seen = await register(() => steady());
    expect(find(seen, "aws:eks/nodeGroup:NodeGroup", "l40s-steady").inputs).toEqual({
      clusterName: "kit",
      nodeRoleArn: "arn:node",
      subnetIds: ["subnet-1"],
      amiType: "AL2023_x86_64_NVIDIA",
      version: "1.35",
      releaseVersion: "1.35.6-20260714",
      instanceTypes: ["g6e.xlarge", "g6e.2xlarge"],
      capacityType: "ON_DEMAND",
      launchTemplate: { id: "l40s-steady-id", version: "7" },
      scalingConfig: { minSize: 0, desiredSize: 2, maxSize: 2 },
      updateConfig: { maxUnavailable: 1, updateStrategy: "MINIMAL" },
      labels: { "pilotlight.dev/pool": "l40s", "pilotlight.dev/gpu": "l40s" },
      taints: [{ key: "nvidia.com/gpu", value: "present", effect: "NO_SCHEDULE" }],
    });
    const template = find(seen, "aws:ec2/launchTemplate:LaunchTemplate", "l40s-steady").inputs;
    expect(template).toMatchObject({
      metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volumeSize: 200, encrypted: "true" } }],
      tagSpecifications: [
        { resourceType: "instance", tags: { team: "ml", "pilotlight:gpu-pool": "l40s", Name: "gpu-l40s" } },
        { resourceType: "volume", tags: { team: "ml", "pilotlight:gpu-pool": "l40s", Name: "gpu-l40s" } },
      ],
    });
    // EKS refuses a type named in both places.
    expect(template).not.toHaveProperty("instanceType");
    expect(template).not.toHaveProperty("instanceMarketOptions");
  });

  test("follows the cluster to another Kubernetes version, in version and image", async () => {
    const group = async (kubernetes: string) =>
      find(await register(() => steady({}, { kubernetes })), "aws:eks/nodeGroup:NodeGroup", "l40s-steady").inputs;
    expect(await group("1.34")).toEqual({
      ...(await group("1.35")),
      version: "1.34",
      releaseVersion: "1.34.9-20260714",
    });
  });

  test("in a capacity block: what EKS asks of the launch template, and the type there alone", async () => {
    const seen = await register(() =>
      steady({ gpu: "h100", gpusPerNode: 8, instanceTypes: ["p5.48xlarge"], capacityBlockId: "cr-0a" }),
    );
    expect(find(seen, "aws:ec2/launchTemplate:LaunchTemplate", "l40s-steady").inputs).toMatchObject({
      instanceMarketOptions: { marketType: "capacity-block" },
      capacityReservationSpecification: { capacityReservationTarget: { capacityReservationId: "cr-0a" } },
      instanceType: "p5.48xlarge",
    });
    const group = find(seen, "aws:eks/nodeGroup:NodeGroup", "l40s-steady").inputs;
    expect(group.capacityType).toBe("CAPACITY_BLOCK");
    expect(group).not.toHaveProperty("instanceTypes");
  });

  test("user data is what managed groups merge: a MIME document with one part for nodeadm", async () => {
    const seen = await register(() => steady());
    const { userData } = find(seen, "aws:ec2/launchTemplate:LaunchTemplate", "l40s-steady").inputs;
    expect(Buffer.from(String(userData), "base64").toString()).toBe(steadyUserData());
    const [head = "", part = "", tail] = steadyUserData().split("--pilotlight-node-config");
    expect(head).toMatch(/^MIME-Version: 1\.0\nContent-Type: multipart\/mixed; boundary="pilotlight-node-config"\n\n$/);
    const [type, document = ""] = part.trim().split("\n\n");
    expect(type).toBe("Content-Type: application/node.eks.aws");
    expect(JSON.parse(document)).toEqual({
      apiVersion: "node.eks.aws/v1alpha1",
      kind: "NodeConfig",
      spec: { featureGates: { FastImagePull: true }, instance: { localStorage: { strategy: "RAID0" } } },
    });
    expect(tail).toBe("--\n");
  });

  test("is refused before any resource where no image fits", () => {
    expect(() => steady({}, { image: { driver: "operator", kubernetes: "1.35" } })).toThrow(
      /^GPU pool "l40s": steady nodes boot the Amazon Linux image/,
    );
    expect(() => steady({}, { kubernetes: "1.12" })).toThrow(/has none for Kubernetes 1\.12/);
  });

  test("pods come after the group, and the group after what makes a node ready", async () => {
    const order = await creationOrder(() => {
      const addons = new Marker("addons");
      new Marker("pods", steady({}, { after: [addons] }).ready);
    });
    expect(order.waits("Marker pods", "NodeGroup l40s-steady")).toBe(true);
    expect(order.waits("NodeGroup l40s-steady", "Marker addons")).toBe(true);
    expect(order.waits("NodeGroup l40s-steady", "LaunchTemplate l40s-steady")).toBe(true);
  });
});
