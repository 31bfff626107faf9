import { DISK, IMAGE, NETWORK, NODE } from "./cold-start-constants";

/** What of an instance decides a cold start; a row of `INSTANCES` fits. */
export interface Machine {
  readonly vcpus: number;
  readonly gpus: number;
  /** Local NVMe, in GB; 0 where there is none. */
  readonly nvmeGb: number;
  /** Network rates in Gbit/s: always, and for some minutes. */
  readonly networkGbps: number;
  readonly networkBurstGbps: number;
  /** Highest rate to EBS, in Mbit/s. */
  readonly ebsMbps: number;
}

/** A container image, as a registry and a disk see it. */
export interface ImageShape {
  readonly compressedBytes: number;
  /** Bytes on disk for each compressed byte. */
  readonly unpackRatio: number;
  /** Share of the bytes in the largest layer, 0 to 1. */
  readonly largestLayer: number;
  /** `region`: ECR in the same region. `public`: Docker Hub and the like. */
  readonly registry: "region" | "public";
  /** Compressed bytes a second that one core unpacks. */
  readonly unpackPerCore: number;
}

/** The vLLM image as the kit pulls it. */
export const KIT_IMAGE: ImageShape = {
  compressedBytes: IMAGE.compressedBytes,
  unpackRatio: IMAGE.unpackRatio,
  largestLayer: IMAGE.largestLayer,
  registry: "public",
  unpackPerCore: IMAGE.unpackPerCore,
};

/** Rates of the disk that images and weights lie on, in bytes a second. */
export interface DiskRates {
  readonly read: number;
  readonly write: number;
}

/** One step of a cold start, with the sum it comes from. */
export interface Stage {
  readonly name: StageName;
  readonly seconds: number;
  /** The formula with its numbers, for a user to check. */
  readonly how: string;
}

export type StageName =
  | "decision"
  | "boot"
  | "device plugin"
  | "image"
  | "container"
  | "compile cache"
  | "imports"
  | "download"
  | "weights"
  | "trace"
  | "compile"
  | "graphs"
  | "warm-up";

/** Bytes a second of a network card in a parallel transfer, from Gbit/s. */
export const networkRate = (gbps: number) => ((Math.min(gbps, NETWORK.cardGbps) * 1e9) / 8) * NETWORK.share;

/** Seconds for `bytes` over the network at no more than `limit` bytes a second: burst first, while its credits last. */
export function transferSeconds(bytes: number, machine: Machine, limit = Number.POSITIVE_INFINITY): number {
  const burst = Math.min(networkRate(machine.networkBurstGbps), limit);
  const always = Math.min(networkRate(machine.networkGbps), limit);
  const inBurst = Math.min(bytes, burst * NETWORK.burstSeconds);
  return inBurst / burst + (bytes - inBurst) / always;
}

/** Instance store where the node uses it and has it, else a volume of `volumeRate` bytes a second. */
export function nodeDisk(machine: Machine, instanceStore: boolean, volumeRate: number): DiskRates {
  if (!instanceStore || machine.nvmeGb === 0) {
    const rate = volumeOn(machine, volumeRate);
    return { read: rate, write: rate };
  }
  return {
    read: Math.min(DISK.nvmeMost, machine.nvmeGb * DISK.nvmeReadPerGb),
    write: Math.min(DISK.nvmeMost, machine.nvmeGb * DISK.nvmeWritePerGb),
  };
}

/** What an EBS volume gives on this machine: its own rate, or the machine's. */
export const volumeOn = (machine: Machine, rate: number) => Math.min(rate, (machine.ebsMbps * 1e6) / 8);

/**
 * Image pull: the slowest of the disk (compressed bytes are written, then the unpacked ones), the processor (gzip), and the
 * chain that ends a pull: the largest layer has to arrive before one core can unpack it.
 */
export function imageStage(image: ImageShape, machine: Machine, disk: DiskRates, soci: boolean): Stage {
  const { compressedBytes: bytes, unpackPerCore } = image;
  const connection = IMAGE.connection[image.registry];
  const cores = Math.max(1, machine.vcpus * IMAGE.coresPerVcpu);
  const largest = bytes * image.largestLayer;
  const unpackLargest = largest / unpackPerCore;
  const limits = {
    disk: (bytes * (1 + image.unpackRatio)) / disk.write,
    // containerd unpacks one layer after the other, SOCI as many as cores and its limit allow.
    unpacking: bytes / (unpackPerCore * (soci ? Math.min(IMAGE.sociUnpacks, cores) : 1)),
    // SOCI splits every layer over all its connections; containerd gives each layer one.
    "the largest layer":
      unpackLargest +
      (soci
        ? transferSeconds(bytes, machine, connection * IMAGE.sociDownloads)
        : transferSeconds(largest, machine, connection)),
    network: transferSeconds(bytes, machine, connection * (soci ? IMAGE.sociDownloads : IMAGE.containerdDownloads)),
  };
  const [slowest, seconds] = Object.entries(limits).reduce((a, b) => (b[1] > a[1] ? b : a));
  const written = `× ${1 + image.unpackRatio} written at ${(disk.write / 1e6).toFixed(0)} MB/s`;
  const how = `${(bytes / 1e9).toFixed(1)} GB compressed, ${written}, ${soci ? "SOCI" : "containerd"}; limited by ${slowest}`;
  return { name: "image", seconds, how };
}

/** From a pending pod to one that is bound to a node with a GPU. */
export function nodeStages(driver: "ami" | "operator"): Stage[] {
  const install = driver === "operator" ? NODE.driverInstallSeconds : 0;
  return [
    { name: "decision", seconds: NODE.decisionSeconds, how: "Karpenter batches pods and picks a type" },
    {
      name: "boot",
      seconds: NODE.launchSeconds + NODE.bootSeconds,
      how: `${NODE.launchSeconds} s launch, ${NODE.bootSeconds} s to Ready`,
    },
    {
      name: "device plugin",
      seconds: NODE.devicePluginSeconds + install,
      how: `${NODE.devicePluginSeconds} s to a visible GPU${install > 0 ? `, ${install} s for the driver` : ""}`,
    },
  ];
}
