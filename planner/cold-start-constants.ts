/**
 * Every number the cold start is computed with: unit, where it comes from, and what it depends on. None depends on the name
 * of a model or of a GPU. docs/planner.md says how far each was checked.
 */

/** What a node and its image pull cost before a container can start. Rates in bytes a second. */
export const NODE = {
  /**
   * Seconds from a pending pod to a NodeClaim: measured 3 and 12. Source for these and the next: GPU Inference Decision Lab,
   * EKS and Karpenter, 2026-05-07 (NodeClaim 3 to 12 s, node Ready 35 s, pod scheduled 65 s).
   */
  decisionSeconds: 5,
  /** EC2 launch to a running machine. Source: aws/karpenter-provider-aws#3827, 13 s from pending to initialised. */
  launchSeconds: 14,
  /** Kernel, cloud-init, containerd, kubelet, network plugin: 12 s to the kubelet there, and the rest of the 35 s. */
  bootSeconds: 16,
  /** Device plugin's image, start and registration: 65 s minus 35 s. */
  devicePluginSeconds: 30,
  /** The GPU Operator compiles or loads a driver first. Remembered from its users, not measured. */
  driverInstallSeconds: 120,
  /** An image that lies on a volume made from a snapshot: 0 to 5 s. Source: awslabs/ai-on-eks, Bottlerocket data volume. */
  bakedImageSeconds: 5,
  /** Sandbox, volumes and start of the container after the pull. Source: one second between events, rounded up. */
  containerSeconds: 2,
} as const;

export const IMAGE = {
  /** `vllm/vllm-openai` for x86: v0.19.1 was 9 612 695 005 bytes, v0.28.0 "9 GB"; compressed, as a registry counts. */
  compressedBytes: 9.6e9,
  /** Bytes on disk for each compressed byte: 26.3 GB (v0.16.0, vllm-project/vllm#41134) against 9.6 GB. */
  unpackRatio: 2.8,
  /** Share of the bytes in the largest layer: the end of every parallel pull. Source: awslabs/data-on-eks, 41 %. */
  largestLayer: 0.41,
  /**
   * Compressed bytes a second that one core unpacks (gzip). From 10.78 GB in 112.3 s one layer after the other on a fast disk
   * (aws-samples/karpenter-blueprints, soci-snapshotter). Depends on the core and the compression: Bottlerocket's library
   * does about 1.4 times as much.
   */
  unpackPerCore: 100e6,
  /** Two vCPUs are one core with two threads: together about 1.2 times one thread. */
  coresPerVcpu: 0.6,
  /** Layers that SOCI unpacks at once on AL2023, and chunks it downloads at once. Source: the same blueprint. */
  sociUnpacks: 12,
  sociDownloads: 20,
  /** Layers that containerd downloads at once. Source: containerd, `max_concurrent_downloads`. */
  containerdDownloads: 3,
  /**
   * One connection to a registry. In the region: S3's 85 to 90 MB/s, rounded. Docker Hub: 9.6 GB in 224 s (EKS) and 245 s
   * (GKE), where the largest layer is one connection and then has to be unpacked.
   */
  connection: { region: 100e6, public: 22e6 },
} as const;

export const DISK = {
  /** A gp3 volume that buys no throughput: 125 MiB/s. Source: EBS user guide. */
  gp3: 125 * 2 ** 20,
  /** The most a gp3 volume can be given; the kit's root volume where the driver comes from the operator. */
  gp3Most: 1000 * 2 ** 20,
  /**
   * Instance store for each GB of size: read and write, from the 4 KiB IOPS AWS lists for 250 GB (40 625 and 20 313) at 16 KiB
   * each. An estimate: AWS gives no sequential rate. At most 30 GB/s (EKS user guide, NVMe RAID 0).
   */
  nvmeReadPerGb: 0.65e9 / 250,
  nvmeWritePerGb: 0.33e9 / 250,
  nvmeMost: 30e9,
} as const;

export const NETWORK = {
  /** Share of the network card that a parallel transfer from S3 gets: 3.51 GiB/s of 40 Gbit/s (Run:ai streamer, g5.12xlarge). */
  share: 0.75,
  /** A new instance has credits for the burst rate of at least 5 minutes. Source: EC2 user guide, network bandwidth. */
  burstSeconds: 300,
  /** Download from Hugging Face: 16.06 GB in 61 s (Tensorfuse, 2025-09). Others saw a fifth of it; the hub is no CDN of yours. */
  hub: 263e6,
  /**
   * Gbit/s that traffic to S3 or a registry can use: one card without EFA. p5.48xlarge has 32 cards of 100, for traffic between
   * nodes.
   */
  cardGbps: 100,
  /** What a compile cache weighs, 91 to 447 MB in two published runs. */
  compileCacheBytes: 0.3e9,
} as const;

/** The engine, container start to healthy. */
export const ENGINE = {
  /** One Python process that imports torch and vLLM: 26.4 s for three, one after the other (a published 0.2x run, TP 2). */
  importSeconds: 9,
  /**
   * Bytes of libraries that the first import reads from the image's disk: about half of what torch, CUDA and vLLM take there.
   * An estimate; right after a pull some of it is in memory still.
   */
  importBytes: 4e9,
  /** Configuration, tokenizer, architecture: 13.7 s for one of two models with code of their own in the same run. */
  configSeconds: 9,
  /** Bytes a second that one process copies from mapped files to its GPU, after the disk has read them. */
  copyPerProcess: 2e9,
  /** Most that one process took in by streaming: 4.28 GiB/s from Weka, the fastest row of the streamer's own benchmarks. */
  streamPerProcess: 4.6e9,
  /** Proving one ordered pair of GPUs before 0.10: 60 s for 8 × 7 pairs (vllm-project/vllm#19824). */
  peerCheckPairSeconds: 60 / 56,
  /** Communicators: 1.3 s for two processes in the published run. */
  communicatorSeconds: 1.3,
  /**
   * Seconds a layer, times `1 + contention ÷ (vCPUs for each GPU)`: tracing (Dynamo), compiling (Inductor), or loading what was
   * compiled before. From 32 layers (10, 42, 13 s; Tensorfuse, L40S, taken to be a g6e.xlarge with 4 vCPUs) and 80 layers on 24
   * for each GPU (15 and 70 s; #19824), checked with 64 layers (53 s; EKS user guide) and 32 layers from the cache (4.2 s; #16848).
   */
  traceLayerSeconds: 0.17,
  compileLayerSeconds: 0.7,
  loadLayerSeconds: 0.14,
  contention: 4,
  /** Profiling run and KV cache: 2 to 4 s beyond compiling and graphs in six published logs. */
  profileSeconds: 4,
  /** Estimating the memory of CUDA graphs by capturing some, since 0.21: 3 to 7 s between the lines of one published log. */
  graphEstimateSeconds: 5,
  /** Routes, tokenizer, first health answer. */
  serveSeconds: 2,
  /** The init container that brings the compile cache: start and Python, before any byte. */
  restoreSeconds: 3,
} as const;

/** What changed between vLLM releases and decides seconds; the last row that is not newer than the engine counts. */
export interface EngineTraits {
  readonly since: readonly [number, number];
  /** Sizes captured by default. */
  readonly captureSizes: number;
  /** Graphs by default, and for each size that a user names: since 0.11 decode batches have full graphs beside the piecewise. */
  readonly graphs: number;
  readonly graphsPerSize: number;
  /**
   * Seconds for a layer in one graph, times contention. Python's garbage collector ran between captures until
   * vllm-project/vllm#21146: 0.012 is 54 s (67 × 32, 4 vCPUs), 60 s (67 × 80, 24), 22 s (67 × 24). Since then 2 s for 67 × 28
   * and 5 s for 86 × 32.
   */
  readonly graphLayerSeconds: number;
  readonly peerCheck: boolean;
  readonly graphEstimate: boolean;
  /**
   * Seconds of kernels that Triton and FlashInfer compile where no cache has them: 5 to 60 s seen in 2025; newer images carry
   * FlashInfer's (vllm-project/vllm#41134), though not for every GPU: a consumer Blackwell took 210 s.
   */
  readonly kernelSeconds: number;
}

const OLD = {
  captureSizes: 67,
  graphs: 67,
  graphsPerSize: 1,
  graphLayerSeconds: 0.012,
  peerCheck: true,
  graphEstimate: false,
  kernelSeconds: 20,
} as const;
const FROZEN = { ...OLD, graphLayerSeconds: 0.002, peerCheck: false } as const;
const BOTH = { ...FROZEN, graphs: 67 + 35, graphsPerSize: 2 } as const;
const STEPPED = { ...BOTH, captureSizes: 51, graphs: 51 + 35, kernelSeconds: 5 } as const;

/** Sources: vllm-project/vllm#21146 (collector), #26016 (sizes in steps of 16 above 256), #50775 (no peer check by default). */
export const ENGINE_TRAITS: readonly EngineTraits[] = [
  { since: [0, 0], ...OLD },
  { since: [0, 10], ...FROZEN },
  { since: [0, 11], ...BOTH },
  { since: [0, 12], ...STEPPED },
  { since: [0, 21], ...STEPPED, graphEstimate: true },
];
