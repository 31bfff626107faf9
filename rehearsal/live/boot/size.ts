import { at, items, list, type Props, text } from "../../doubles/aws/table";

/** What a node has, in units that its status is written in. */
export interface NodeSize {
  readonly arch: "amd64" | "arm64";
  readonly pods: number;
  readonly cpus: number;
  readonly allocatableCpuMillis: number;
  readonly memoryMib: number;
  readonly allocatableMemoryMib: number;
  readonly diskBytes: number;
  readonly allocatableDiskBytes: number;
  readonly gpus: number;
}

export interface SizeArgs {
  /** What DescribeInstanceTypes says of the type. */
  readonly type: Props;
  /** Where the kubelet is told. */
  readonly maxPods?: number;
  /** The kubelet's volume is made of the instance's own disks. */
  readonly localDisks: boolean;
  readonly rootGib: number;
}

/** Share of a machine's memory that its firmware and kernel keep, as Karpenter's chart assumes and the planner after it. */
const HIDDEN_SHARE = 0.075;
/** Of the memory on arm64 besides. */
const HIDDEN_ON_ARM_MIB = 64;
/** What the kubelet keeps free, in MiB of memory and as a share of the disk; what nodeadm reserves of the disk. */
const EVICTION_MIB = 100;
const EVICTION_DISK_SHARE = 0.1;
const RESERVED_DISK_BYTES = 2 ** 30;
/** nodeadm's reservation: so much of the CPU up to each of these millicores. */
const CPU_RESERVED = [
  { upTo: 1000, share: 0.06 },
  { upTo: 2000, share: 0.01 },
  { upTo: 4000, share: 0.005 },
  { upTo: Number.POSITIVE_INFINITY, share: 0.0025 },
];

const count = (of: Props, path: string): number => Number(at(of, path) ?? 0);

/** A node's size by EC2's own figures and the reservations of the EKS images. */
export function nodeSize({ type, maxPods, localDisks, rootGib }: SizeArgs): NodeSize {
  const arch = list(at(type, "ProcessorInfo.SupportedArchitectures"))[0] === "arm64" ? "arm64" : "amd64";
  const cpus = count(type, "VCpuInfo.DefaultVCpus");
  const pods = maxPods ?? podsByAddresses(type);
  const nominalMib = count(type, "MemoryInfo.SizeInMiB") - (arch === "arm64" ? HIDDEN_ON_ARM_MIB : 0);
  const memoryMib = nominalMib - Math.ceil(nominalMib * HIDDEN_SHARE);
  const nvmeGb = count(type, "InstanceStorageInfo.TotalSizeInGB");
  const diskBytes = localDisks && nvmeGb > 0 ? nvmeGb * 1e9 : rootGib * 2 ** 30;
  return {
    arch,
    pods,
    cpus,
    allocatableCpuMillis: cpus * 1000 - cpuReserved(cpus * 1000),
    memoryMib,
    allocatableMemoryMib: memoryMib - (255 + 11 * pods) - EVICTION_MIB,
    diskBytes,
    allocatableDiskBytes: Math.floor(diskBytes * (1 - EVICTION_DISK_SHARE)) - RESERVED_DISK_BYTES,
    gpus: items(at(type, "GpuInfo.Gpus"))
      .filter((gpu) => text(gpu, "Manufacturer") === "NVIDIA")
      .reduce((sum, gpu) => sum + count(gpu, "Count"), 0),
  };
}

/** The CNI gives pods the addresses of the first network card's interfaces; two pods use the node's own. */
function podsByAddresses(type: Props): number {
  const card = count(type, "NetworkInfo.DefaultNetworkCardIndex");
  const interfaces = count(type, `NetworkInfo.NetworkCards.${card}.MaximumNetworkInterfaces`);
  return interfaces * (count(type, "NetworkInfo.Ipv4AddressesPerInterface") - 1) + 2;
}

function cpuReserved(millis: number): number {
  let from = 0;
  let reserved = 0;
  for (const { upTo, share } of CPU_RESERVED) {
    // In whole millicores each, as Karpenter counts them.
    if (millis > from) reserved += Math.floor((Math.min(millis, upTo) - from) * share);
    from = upTo;
  }
  return reserved;
}
