/** What the speed model does not know from tables: shares of peak rates that engines reach, and seconds that nothing shortens. */
export interface SpeedConstants {
  /** Share of a GPU's peak memory bandwidth at which weights and the KV cache are read. */
  readonly bandwidthShare: number;
  /** Share of the peak tensor core rate that matrices every token passes reach when a step has many tokens. */
  readonly computeShare: number;
  /** The same of routed experts: their matrices are small and each gets a few of the tokens. */
  readonly expertComputeShare: number;
  /** Seconds a kernel takes however little it does: start, first bytes, last wave. */
  readonly kernelSeconds: number;
  /** Seconds an all-reduce of a few bytes takes between GPUs of one node. */
  readonly allReduceSeconds: number;
  /** Seconds a layer takes more in a step with a prompt, whose attention is not replayed from a CUDA graph. */
  readonly eagerLayerSeconds: number;
  /** Seconds between a request's arrival and its first step and between its first token and the client: HTTP, tokeniser. */
  readonly requestSeconds: number;
}

export type ConstantName = keyof SpeedConstants;

/** Where calibration starts and what it may not leave. */
export interface ConstantRange {
  /** What one would say without the measurements; a constant they say nothing about stays here. */
  readonly prior: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Sources of the priors: bandwidth: memory copies reach 80 to 92 % of peak. Compute: large GEMMs of serving engines reach half
 * of peak; prefill of mixtures of experts 5 to 30 %. Kernel: 2 to 5 us when replayed from a CUDA graph.
 * All-reduce: one-shot kernels take about 10 us over NVLink. Eager layer: 15 to 20 launches of 5 us. Request: tens of ms.
 */
export const CONSTANT_RANGES: Readonly<Record<ConstantName, ConstantRange>> = {
  bandwidthShare: { prior: 0.85, low: 0.4, high: 0.9 },
  computeShare: { prior: 0.5, low: 0.1, high: 0.8 },
  expertComputeShare: { prior: 0.15, low: 0.02, high: 0.95 },
  kernelSeconds: { prior: 4e-6, low: 1e-6, high: 2e-5 },
  allReduceSeconds: { prior: 1e-5, low: 1e-6, high: 1e-4 },
  eagerLayerSeconds: { prior: 1e-4, low: 1e-6, high: 2e-3 },
  requestSeconds: { prior: 2e-2, low: 1e-3, high: 0.2 },
};

export const CONSTANT_NAMES = Object.keys(CONSTANT_RANGES) as ConstantName[];

export const PRIOR_CONSTANTS = Object.fromEntries(
  CONSTANT_NAMES.map((name) => [name, CONSTANT_RANGES[name].prior]),
) as unknown as SpeedConstants;

/**
 * Calibrated on the 240 rows of `test/data/measured-serving.csv` (vLLM, three models, H100 and H200, tensor parallel size 1 to
 * 8). `npm run bench -- planner` calibrates again and says what leaving a model or a GPU out does to the error.
 */
export const SPEED_CONSTANTS: SpeedConstants = {
  bandwidthShare: 0.9,
  computeShare: 0.546,
  expertComputeShare: 0.168,
  kernelSeconds: 4.48e-6,
  allReduceSeconds: 8.45e-6,
  eagerLayerSeconds: 8.66e-5,
  requestSeconds: 2.72e-2,
};

/** Share of a link's bandwidth, one direction, that collectives of many bytes reach (NCCL's bus bandwidth on 8 GPUs). */
export const LINK_SHARE = 0.7;

/**
 * Seconds of one hop of a ring over PCIe. Over NVLink GPUs write to each other directly and nothing is added per hop.
 * Source: NCCL `src/graph/tuning.cc`, `hwLat`, PCI, ring, simple.
 */
export const PCIE_HOP_SECONDS = 5.7e-6;
