import type { WeightFormat } from "./model-shape";

/** Bytes a stored weight takes by where it is, scales included. */
export interface FormatBytes {
  /** Weights of attention, dense layers and shared experts. */
  readonly linear: number;
  readonly experts: number;
  readonly embedding: number;
  readonly head: number;
  /** Rows of an expert's matrix are padded to a multiple of this many weights. */
  readonly expertRowMultiple?: number;
}

const BF16 = 2;

/** Formats that leave the embedding table and the head in bf16, as the published checkpoints do. */
const linearsAt = (bytes: number): FormatBytes => ({ linear: bytes, experts: bytes, embedding: BF16, head: BF16 });

/**
 * Sources: fp8 and int8: compressed-tensors and DeepSeek V3 checkpoints, whose scales are below 0.05 %. int4: AWQ and GPTQ
 * with groups of 128: 4 bits, a 16-bit scale and a 4-bit zero a group. nvfp4: 4 bits and an 8-bit scale per 16 weights;
 * mxfp4: one per 32 (OCP microscaling specification 1.0). GGUF rates: llama.cpp, `tools/quantize/README.md` (Q4_K_M and
 * Q2_K of Llama 3.1 8B: 4.58 and 2.95 GiB, head in Q6_K); 1.58 bits: 131 GB for the 671 B of DeepSeek R1 (model card of
 * unsloth/DeepSeek-R1-GGUF, UD-IQ1_S).
 */
const FORMATS: Readonly<Record<WeightFormat, FormatBytes>> = {
  bf16: linearsAt(BF16),
  fp8: linearsAt(1),
  int8: linearsAt(1),
  int4: linearsAt((4 + (16 + 4) / 128) / 8),
  nvfp4: linearsAt((4 + 8 / 16) / 8),
  mxfp4: linearsAt((4 + 8 / 32) / 8),
  "gguf-q4": { linear: 0.6, experts: 0.6, embedding: 0.5625, head: 0.8203 },
  "gguf-q2": { linear: 0.368, experts: 0.368, embedding: 0.3281, head: 0.8203 },
  "gguf-1.58": { linear: 0.194, experts: 0.194, embedding: 0.5625, head: 0.8203 },
};

/**
 * gpt-oss keeps all but the experts in bf16, and engines pad an expert's rows of 2880 weights to 3072. With it the weights
 * come to 64.4 and 13.4 GiB; vLLM reports 64.38 and 13.47.
 */
const MXFP4_EXPERTS: FormatBytes = {
  linear: BF16,
  experts: (4 + 8 / 32) / 8,
  embedding: BF16,
  head: BF16,
  expertRowMultiple: 256,
};

/** @param hasExperts whether the model is a mixture of experts. */
export function formatBytes(format: WeightFormat, hasExperts: boolean): FormatBytes {
  return format === "mxfp4" && hasExperts ? MXFP4_EXPERTS : FORMATS[format];
}

/** All formats, the most exact first. */
export const WEIGHT_FORMATS: readonly WeightFormat[] = [
  "bf16",
  "fp8",
  "int8",
  "gguf-q4",
  "nvfp4",
  "mxfp4",
  "int4",
  "gguf-q2",
  "gguf-1.58",
];

/** In what a GPU multiplies weights of a format. */
export type Arithmetic = "bf16" | "fp8" | "int8" | "fp4";

/** The compute capability from which a format is multiplied as it is stored. Below it, it saves bytes and no time. */
const NATIVE: Partial<Record<WeightFormat, { from: number; as: Arithmetic }>> = {
  // Tensor cores multiply fp8 from Ada (8.9) on, int8 from Turing (7.5) on, fp4 from Blackwell (10.0) on.
  // Source: CUDA C++ programming guide, tensor core data types by compute capability.
  fp8: { from: 8.9, as: "fp8" },
  int8: { from: 7.5, as: "int8" },
  nvfp4: { from: 10, as: "fp4" },
  mxfp4: { from: 10, as: "fp4" },
};

/** The arithmetic that a GPU of `computeCapability` uses for weights of `format`; bf16 where it has to unpack them. */
export function arithmeticOf(format: WeightFormat, computeCapability: number): Arithmetic {
  const native = NATIVE[format];
  return native && computeCapability >= native.from ? native.as : "bf16";
}

/** Whether the GPU multiplies the format as it is stored. Ampere runs fp8 weights, but unpacks them to bf16 first. */
export function isNative(format: WeightFormat, computeCapability: number): boolean {
  return format === "bf16" || arithmeticOf(format, computeCapability) !== "bf16";
}
