import { type Props, text } from "../../doubles/aws/table";
import type { NodeSize } from "./size";
import type { NodeSettings } from "./user-data";

/** Taint of the API server on every new node; the control plane takes it off when the node is ready. */
export const NOT_READY = "node.kubernetes.io/not-ready";
export const LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
const LEASE_SECONDS = 40;

/** The name that EC2 gives a machine, and EKS its node. */
export const nodeName = (instance: Props): string => text(instance, "PrivateDnsName");

/** The Node that a kubelet of EKS registers. */
export function nodeObject(instance: Props, settings: NodeSettings, arch: NodeSize["arch"]): Props {
  const zone = text(instance, "Placement.AvailabilityZone");
  const type = text(instance, "InstanceType");
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: nodeName(instance),
      labels: {
        ...settings.labels,
        "kubernetes.io/arch": arch,
        "kubernetes.io/hostname": nodeName(instance),
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": type,
        "topology.kubernetes.io/region": zone.slice(0, -1),
        "topology.kubernetes.io/zone": zone,
      },
    },
    spec: {
      providerID: `aws:///${zone}/${text(instance, "InstanceId")}`,
      taints: settings.taints.map((taint) => ({ ...taint })),
    },
  };
}

export interface StatusArgs {
  readonly instance: Props;
  readonly size: NodeSize;
  /** Whether the device plugin runs. */
  readonly devices: boolean;
  /** For example `v1.35.3`. */
  readonly kubelet: string;
  /** ISO time. */
  readonly now: string;
}

/** What the kubelet reports: ready, and its GPUs once the device plugin has told it of them. */
export function nodeStatus({ instance, size, devices, kubelet, now }: StatusArgs): Props {
  const gpus: Props = devices && size.gpus > 0 ? { "nvidia.com/gpu": String(size.gpus) } : {};
  const condition = (type: string, status: string, reason: string) => ({
    type,
    status,
    reason,
    message: "",
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  });
  return {
    capacity: {
      cpu: String(size.cpus),
      memory: `${size.memoryMib}Mi`,
      "ephemeral-storage": String(size.diskBytes),
      pods: String(size.pods),
      ...gpus,
    },
    allocatable: {
      cpu: `${size.allocatableCpuMillis}m`,
      memory: `${size.allocatableMemoryMib}Mi`,
      "ephemeral-storage": String(size.allocatableDiskBytes),
      pods: String(size.pods),
      ...gpus,
    },
    conditions: [
      condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
      condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
      condition("PIDPressure", "False", "KubeletHasSufficientPID"),
      condition("Ready", "True", "KubeletReady"),
    ],
    addresses: [
      { type: "InternalIP", address: text(instance, "PrivateIpAddress") },
      { type: "InternalDNS", address: nodeName(instance) },
      { type: "Hostname", address: nodeName(instance) },
    ],
    nodeInfo: {
      architecture: size.arch,
      operatingSystem: "linux",
      kubeletVersion: kubelet,
      // Fields without a value are refused.
      bootID: text(instance, "InstanceId"),
      containerRuntimeVersion: "containerd://2.1",
      kernelVersion: "6.12",
      kubeProxyVersion: "",
      machineID: text(instance, "InstanceId"),
      osImage: "rehearsal",
      systemUUID: text(instance, "InstanceId"),
    },
  };
}

/** The kubelet's sign of life; it goes with its Node. @param now ISO time. */
export function leaseObject(name: string, uid: string, now: string): Props {
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name, ownerReferences: [{ apiVersion: "v1", kind: "Node", name, uid }] },
    spec: { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime: microTime(now) },
  };
}

export const leaseRenewal = (now: string): Props => ({ spec: { renewTime: microTime(now) } });

/** Kubernetes writes a Lease's times with six digits and takes no others. */
const microTime = (iso: string): string => iso.replace(/\.(\d{3})Z$/, ".$1000Z");
