import { expect, test } from "vitest";
import { steadyUserData } from "../../components/gpu-pool";
import { nodeConfig } from "../../components/gpu-pool-objects";
import type { Props } from "../../rehearsal/doubles/aws/table";
import { managedSettings } from "../../rehearsal/live/boot/machines";
import { leaseObject, leaseRenewal, nodeObject, nodeStatus } from "../../rehearsal/live/boot/node";
import { nodeSize } from "../../rehearsal/live/boot/size";
import { parseUserData } from "../../rehearsal/live/boot/user-data";

/** As Karpenter 1.14 writes it: the kit's own part, then Karpenter's. */
const KARPENTER = `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

${nodeConfig({ featureGates: { FastImagePull: true } })}
--//
Content-Type: application/node.eks.aws

# Karpenter Generated NodeConfig
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
metadata: {}
spec:
  cluster:
    apiServerEndpoint: https://127.0.0.1:6443
    cidr: 10.96.0.0/16
    name: live
  containerd: {}
  instance:
    localStorage:
      strategy: RAID0
  kubelet:
    config:
      clusterDNS:
      - 10.96.0.10
      maxPods: 58
      registerWithTaints:
      - effect: NoSchedule
        key: nvidia.com/gpu
        value: present
      - effect: NoExecute
        key: karpenter.sh/unregistered
    flags:
    - --node-labels="karpenter.sh/capacity-type=spot,karpenter.sh/nodepool=l40s-spot,pilotlight.dev/gpu=l40s"

--//--
`;

const BOOTSTRAP = `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: text/x-shellscript; charset="us-ascii"

#!/bin/bash -xe
exec > >(tee /var/log/user-data.log|logger -t user-data -s 2>/dev/console) 2>&1
/etc/eks/bootstrap.sh 'live' --apiserver-endpoint 'https://127.0.0.1:6443' --b64-cluster-ca 'Y2E=' \\
--dns-cluster-ip '10.96.0.10' \\
--use-max-pods false \\
--kubelet-extra-args '--node-labels="karpenter.sh/nodepool=l40s-spot,pilotlight.dev/gpu=l40s" --register-with-taints="nvidia.com/gpu=present:NoSchedule,karpenter.sh/unregistered:NoExecute" --max-pods=58' \\
--local-disks raid0
--//--
`;

const TAINTS = [
  { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" },
  { key: "karpenter.sh/unregistered", effect: "NoExecute" },
];

test.each([
  [
    "nodeadm",
    KARPENTER,
    {
      labels: {
        "karpenter.sh/capacity-type": "spot",
        "karpenter.sh/nodepool": "l40s-spot",
        "pilotlight.dev/gpu": "l40s",
      },
      taints: TAINTS,
      maxPods: 58,
      localDisks: true,
    },
  ],
  [
    "bootstrap.sh",
    BOOTSTRAP,
    {
      labels: { "karpenter.sh/nodepool": "l40s-spot", "pilotlight.dev/gpu": "l40s" },
      taints: TAINTS,
      maxPods: 58,
      localDisks: true,
    },
  ],
  [
    "nodeadm's carriage returns",
    KARPENTER.replaceAll("\n", "\r\n").replace("RAID0", "none"),
    {
      labels: {
        "karpenter.sh/capacity-type": "spot",
        "karpenter.sh/nodepool": "l40s-spot",
        "pilotlight.dev/gpu": "l40s",
      },
      taints: TAINTS,
      maxPods: 58,
      localDisks: false,
    },
  ],
  ["the kit's steady pool", steadyUserData(), { labels: {}, taints: [], maxPods: undefined, localDisks: true }],
  ["a bare NodeConfig", nodeConfig({}), { labels: {}, taints: [], localDisks: false }],
])("user data: %s", (_name, userData, settings) => {
  expect(parseUserData(userData)).toEqual(settings);
});

test.each([
  ["nothing", ""],
  ["a script of somebody's", "#!/bin/sh\necho hello\n"],
  ["an archive without a NodeConfig", KARPENTER.replaceAll("application/node.eks.aws", "text/plain")],
])("user data: %s makes no node", (_name, userData) => {
  expect(() => parseUserData(userData)).toThrow("no NodeConfig and no call of /etc/eks/bootstrap.sh");
});

const INSTANCE: Props = {
  InstanceId: "i-0123456789abcdef0",
  InstanceType: "g6e.xlarge",
  PrivateDnsName: "ip-10-0-1-2.ec2.internal",
  PrivateIpAddress: "10.0.1.2",
  Placement: { AvailabilityZone: "us-east-1a" },
};
/** What EC2 says of it, as far as it is read. */
const G6E: Props = {
  VCpuInfo: { DefaultVCpus: 4 },
  MemoryInfo: { SizeInMiB: 32768 },
  ProcessorInfo: { SupportedArchitectures: ["x86_64"] },
  NetworkInfo: {
    DefaultNetworkCardIndex: 0,
    NetworkCards: [{ MaximumNetworkInterfaces: 4 }],
    Ipv4AddressesPerInterface: 15,
  },
  GpuInfo: { Gpus: [{ Count: 1, Manufacturer: "NVIDIA", Name: "L40S" }] },
  InstanceStorageInfo: { TotalSizeInGB: 250 },
};
const SIZE = nodeSize({ type: G6E, localDisks: true, rootGib: 100 });

test("the size of a node", () => {
  expect(SIZE).toEqual({
    arch: "amd64",
    pods: 58,
    cpus: 4,
    allocatableCpuMillis: 3920,
    memoryMib: 30310,
    allocatableMemoryMib: 29317,
    diskBytes: 250e9,
    allocatableDiskBytes: 250e9 * 0.9 - 2 ** 30,
    gpus: 1,
  });
  const plain = { ...G6E, InstanceStorageInfo: null, GpuInfo: null };
  expect(nodeSize({ type: plain, localDisks: true, rootGib: 20, maxPods: 110 })).toMatchObject({
    pods: 110,
    allocatableMemoryMib: 28745,
    diskBytes: 20 * 2 ** 30,
    gpus: 0,
  });
  const arm = { ...plain, ProcessorInfo: { SupportedArchitectures: ["arm64"] } };
  expect(nodeSize({ type: arm, localDisks: false, rootGib: 20 })).toMatchObject({ arch: "arm64", memoryMib: 30251 });
  const neuron = { ...plain, GpuInfo: { Gpus: [{ Count: 2, Manufacturer: "Habana" }] } };
  expect(nodeSize({ type: neuron, localDisks: false, rootGib: 20 }).gpus).toBe(0);
});

test("the Node that registers", () => {
  expect(nodeObject(INSTANCE, parseUserData(KARPENTER), "amd64")).toEqual({
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: "ip-10-0-1-2.ec2.internal",
      labels: {
        "karpenter.sh/capacity-type": "spot",
        "karpenter.sh/nodepool": "l40s-spot",
        "pilotlight.dev/gpu": "l40s",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": "ip-10-0-1-2.ec2.internal",
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "g6e.xlarge",
        "topology.kubernetes.io/region": "us-east-1",
        "topology.kubernetes.io/zone": "us-east-1a",
      },
    },
    spec: { providerID: "aws:///us-east-1a/i-0123456789abcdef0", taints: TAINTS },
  });
});

test("its status, with its GPUs only once the device plugin has told of them", () => {
  const of = (devices: boolean) =>
    nodeStatus({ instance: INSTANCE, size: SIZE, devices, kubelet: "v1.35.3", now: "2026-11-25T01:02:03.456Z" });
  expect(of(true)).toMatchObject({
    capacity: {
      cpu: "4",
      memory: "30310Mi",
      pods: "58",
      "ephemeral-storage": "250000000000",
      "nvidia.com/gpu": "1",
    },
    allocatable: {
      cpu: "3920m",
      memory: "29317Mi",
      pods: "58",
      "ephemeral-storage": "223926258176",
      "nvidia.com/gpu": "1",
    },
    addresses: [
      { type: "InternalIP", address: "10.0.1.2" },
      { type: "InternalDNS", address: "ip-10-0-1-2.ec2.internal" },
      { type: "Hostname", address: "ip-10-0-1-2.ec2.internal" },
    ],
    nodeInfo: { kubeletVersion: "v1.35.3", architecture: "amd64" },
  });
  const conditions = of(true).conditions as unknown as { type: string; status: string }[];
  expect(conditions.map(({ type, status }) => `${type}=${status}`)).toEqual([
    "MemoryPressure=False",
    "DiskPressure=False",
    "PIDPressure=False",
    "Ready=True",
  ]);
  for (const part of ["capacity", "allocatable"]) expect(of(false)[part]).not.toHaveProperty("nvidia.com/gpu");
});

test("its Lease, whose times have the six digits that Kubernetes demands", () => {
  expect(leaseObject("ip-10-0-1-2.ec2.internal", "u-1", "2026-11-25T01:02:03.456Z")).toEqual({
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: {
      name: "ip-10-0-1-2.ec2.internal",
      ownerReferences: [{ apiVersion: "v1", kind: "Node", name: "ip-10-0-1-2.ec2.internal", uid: "u-1" }],
    },
    spec: {
      holderIdentity: "ip-10-0-1-2.ec2.internal",
      leaseDurationSeconds: 40,
      renewTime: "2026-11-25T01:02:03.456000Z",
    },
  });
  expect(leaseRenewal("2026-11-25T01:02:13.000Z")).toEqual({ spec: { renewTime: "2026-11-25T01:02:13.000000Z" } });
});

test("a managed node group gives its nodes labels, taints and the set-up of its template", () => {
  const group: Props = {
    nodegroupName: "steady",
    capacityType: "ON_DEMAND",
    labels: { "pilotlight.dev/pool": "steady" },
    taints: [
      { key: "nvidia.com/gpu", value: "present", effect: "NO_SCHEDULE" },
      { key: "a", effect: "NO_EXECUTE" },
      { key: "b", value: "", effect: "PREFER_NO_SCHEDULE" },
    ],
  };
  expect(managedSettings(group, steadyUserData())).toEqual({
    labels: {
      "pilotlight.dev/pool": "steady",
      "eks.amazonaws.com/capacityType": "ON_DEMAND",
      "eks.amazonaws.com/nodegroup": "steady",
    },
    taints: [
      { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" },
      { key: "a", effect: "NoExecute" },
      { key: "b", effect: "PreferNoSchedule" },
    ],
    maxPods: undefined,
    localDisks: true,
  });
  expect(managedSettings({ nodegroupName: "system" }, "")).toEqual({
    labels: { "eks.amazonaws.com/capacityType": "ON_DEMAND", "eks.amazonaws.com/nodegroup": "system" },
    taints: [],
    localDisks: false,
  });
});
