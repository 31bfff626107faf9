import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Capacity,
  type GpuPoolSpec,
  managedRelease,
  nodeClassSpec,
  nodePools,
  steadyFault,
} from "../../components/gpu-pool-objects";
import { amis } from "../../components/versions";
import { EKS_STANDARD_SUPPORT_ENDS } from "../../planner/kubernetes-versions";
import { gpuPool } from "./gpu-pools";

const release = amis.al2023.release;
const nodeClass = (change?: Partial<GpuPoolSpec>, image: Parameters<typeof nodeClassSpec>[0]["image"] = AMI) =>
  nodeClassSpec({
    pool: gpuPool(change),
    image,
    nodeRoleName: "elastic-node",
    subnetIds: ["subnet-1", "subnet-2"],
    securityGroupId: "sg-1",
    tags: { team: "ml" },
  });
const AMI = { driver: "ami", release } as const;
const OPERATOR = { driver: "operator", kubernetes: "1.35" } as const;
const pools = (change?: Partial<GpuPoolSpec>) => nodePools({ pool: gpuPool(change), drainSeconds: 400 });

describe("the node class", () => {
  test("with the image's driver: Amazon Linux at one release, NVMe as one RAID, parallel pulls", () => {
    expect(nodeClass()).toEqual({
      role: "elastic-node",
      amiSelectorTerms: [{ alias: `al2023@${release}` }],
      instanceStorePolicy: "RAID0",
      userData:
        '{"apiVersion":"node.eks.aws/v1alpha1","kind":"NodeConfig","spec":{"featureGates":{"FastImagePull":true}}}',
      blockDeviceMappings: [
        {
          deviceName: "/dev/xvda",
          rootVolume: true,
          ebs: { volumeType: "gp3", volumeSize: "200Gi", encrypted: true, deleteOnTermination: true },
        },
      ],
      subnetSelectorTerms: [{ id: "subnet-1" }, { id: "subnet-2" }],
      securityGroupSelectorTerms: [{ id: "sg-1" }],
      associatePublicIPAddress: false,
      metadataOptions: {
        httpEndpoint: "enabled",
        httpProtocolIPv6: "disabled",
        httpPutResponseHopLimit: 1,
        httpTokens: "required",
      },
      tags: { team: "ml", "pilotlight:gpu-pool": "l40s", Name: "gpu-l40s" },
    });
  });

  test("with the operator's driver: Canonical's image for the cluster's version, on a root volume fast enough to pull to", () => {
    const { amiFamily, amiSelectorTerms, blockDeviceMappings, ...rest } = nodeClass({}, OPERATOR) as Record<
      string,
      unknown
    >;
    // An SSM parameter names no family, and the API asks for one then.
    expect(amiFamily).toBe("AL2");
    expect(amiSelectorTerms).toEqual([
      { ssmParameter: "/aws/service/canonical/ubuntu/eks/24.04/1.35/stable/current/amd64/hvm/ebs-gp3/ami-id" },
    ]);
    expect(blockDeviceMappings).toMatchObject([
      { deviceName: "/dev/sda1", rootVolume: true, ebs: { volumeSize: "200Gi", throughput: 1000, iops: 16000 } },
    ]);
    expect(rest).not.toHaveProperty("userData");
    expect(rest).not.toHaveProperty("instanceStorePolicy");
  });

  test("names reservations when the pool draws on them, and only then", () => {
    const reservationIds = ["cr-1", "cr-2"];
    expect(nodeClass({ capacity: ["reserved"], reservationIds })).toMatchObject({
      capacityReservationSelectorTerms: [{ id: "cr-1" }, { id: "cr-2" }],
    });
    expect(nodeClass({ capacity: ["on-demand"], reservationIds })).not.toHaveProperty(
      "capacityReservationSelectorTerms",
    );
  });
});

describe("the node pools", () => {
  test("one step of capacity is one pool, exactly", () => {
    expect(pools({ gpusPerNode: 4, instanceTypes: ["g6e.12xlarge"], maxGpus: 8 })).toEqual([
      {
        name: "l40s-on-demand",
        spec: {
          weight: 100,
          limits: { "nvidia.com/gpu": "8" },
          disruption: {
            consolidationPolicy: "WhenEmpty",
            consolidateAfter: "300s",
            budgets: [
              { nodes: "100%", reasons: ["Empty"] },
              { nodes: "0", reasons: ["Drifted", "Underutilized"] },
            ],
          },
          template: {
            metadata: { labels: { "pilotlight.dev/pool": "l40s", "pilotlight.dev/gpu": "l40s" } },
            spec: {
              nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "l40s" },
              taints: [{ key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" }],
              requirements: [
                { key: "karpenter.sh/capacity-type", operator: "In", values: ["on-demand"] },
                { key: "karpenter.k8s.aws/instance-gpu-name", operator: "In", values: ["l40s"] },
                { key: "karpenter.k8s.aws/instance-gpu-count", operator: "In", values: ["4"] },
                { key: "node.kubernetes.io/instance-type", operator: "In", values: ["g6e.12xlarge"] },
                { key: "kubernetes.io/arch", operator: "In", values: ["amd64"] },
                { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
              ],
              expireAfter: "Never",
              terminationGracePeriod: "400s",
            },
          },
        },
      },
    ]);
  });

  test("every order of capacity is kept by falling weights that Karpenter takes, each pool with one kind of capacity", () => {
    const kinds: Capacity[] = ["reserved", "on-demand", "spot"];
    fc.assert(
      fc.property(fc.shuffledSubarray(kinds, { minLength: 1 }), (capacity) => {
        const made = pools({ capacity, reservationIds: ["cr-1"] });
        expect(made.map(({ name }) => name)).toEqual(capacity.map((kind) => `l40s-${kind}`));
        expect(made.map(({ spec }) => spec.template.spec.requirements[0]?.values)).toEqual(
          capacity.map((kind) => [kind]),
        );
        const weights = made.map(({ spec }) => spec.weight);
        expect(weights).toEqual([...weights].sort((a, b) => b - a));
        expect(new Set(weights).size).toBe(weights.length);
        for (const weight of weights) expect(weight >= 1 && weight <= 100).toBe(true);
      }),
    );
  });

  test("a GPU is selected by Karpenter's name for it", () => {
    const [pool] = pools({ gpu: "rtx-pro-6000", instanceTypes: ["g7e.2xlarge"] });
    expect(pool?.spec.template.spec.requirements[1]?.values).toEqual(["rtx-pro-server-6000"]);
    expect(pool?.spec.template.metadata.labels["pilotlight.dev/gpu"]).toBe("rtx-pro-6000");
  });
});

describe("steady nodes", () => {
  test("the table's release has a full name for every Kubernetes version", () => {
    for (const kubernetes of Object.keys(EKS_STANDARD_SUPPORT_ENDS)) {
      expect(steadyFault({ image: AMI, kubernetes }), kubernetes).toBeUndefined();
      expect(managedRelease({ image: AMI, kubernetes })).toMatch(
        new RegExp(`^${kubernetes}\\.\\d+-${release.slice(1)}$`),
      );
    }
  });

  test("are refused with a driver that Amazon Linux has no image for, and with a release without a name", () => {
    expect(steadyFault({ image: OPERATOR, kubernetes: "1.35" })).toBe(
      "steady nodes boot the Amazon Linux image, which brings its own driver; set drivers.from to ami, or steadyNodes to 0",
    );
    expect(steadyFault({ image: { driver: "ami", release: "v20991231" }, kubernetes: "1.35" })).toBe(
      `steady nodes need the image release's full name, and drivers.version v20991231 has none for Kubernetes 1.35 in components/versions.ts (it knows ${release}); leave drivers.version out, or add the release there`,
    );
  });
});
