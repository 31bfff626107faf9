import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** How long a host may take to answer, and how long a transfer may stand still. Short: a build is the other way. */
export interface Patience {
  readonly answerMs: number;
  readonly stallMs: number;
}

const PATIENCE: Patience = { answerMs: 5000, stallMs: 30_000 };

/** A file could not be had; the message says from where and why. */
export class DownloadError extends Error {}

/**
 * The SHA-256 of `file` in what a project publishes: lines of `hash  name`, or the hash alone.
 * @returns in lower case; undefined if there is none for that file.
 */
export function checksumOf(text: string, file: string): string | undefined {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  const isHash = (word: string | undefined) => word !== undefined && /^[0-9a-f]{64}$/i.test(word);
  const named = lines.find(([hash, name]) => isHash(hash) && name?.replace(/^\*/, "") === file);
  const [alone, ...others] = lines.filter(([word]) => word !== "");
  const found = named?.[0] ?? (others.length === 0 && alone?.length === 1 && isHash(alone[0]) ? alone[0] : undefined);
  return found?.toLowerCase();
}

/** The downloads of one run. A host that does not answer once is not asked again: each try would cost its patience anew. */
export class Downloads {
  private readonly silent = new Map<string, string>();

  constructor(private readonly patience: Patience = PATIENCE) {}

  /** A small text. */
  async text(url: string, signal: AbortSignal): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.get(url, signal)) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
  }

  /**
   * A file, into `to`, whose SHA-256 must be `sha256`.
   * @param onBytes told the bytes so far.
   */
  async file(
    url: string,
    to: string,
    sha256: string,
    signal: AbortSignal,
    onBytes: (bytes: number) => void,
  ): Promise<void> {
    const hash = createHash("sha256");
    let bytes = 0;
    const chunks = this.get(url, signal);
    async function* counted() {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        onBytes(bytes);
        yield chunk;
      }
    }
    await pipeline(counted, createWriteStream(to));
    const got = hash.digest("hex");
    if (got !== sha256) throw new DownloadError(`${url} has the SHA-256 ${got}; its project says ${sha256}`);
  }

  private async *get(url: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { host } = new URL(url);
    const before = this.silent.get(host);
    if (before !== undefined) throw new DownloadError(`${host} did not answer before: ${before}`);
    const stop = new AbortController();
    const onAbort = () => stop.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    let timer = setTimeout(
      () => stop.abort(new Error(`no answer in ${this.patience.answerMs} ms`)),
      this.patience.answerMs,
    );
    try {
      signal.throwIfAborted();
      const response = await fetch(url, { signal: stop.signal }).catch((error: unknown) => {
        signal.throwIfAborted();
        const why = reasonOf(error);
        this.silent.set(host, why);
        throw new DownloadError(`${url}: ${why}`);
      });
      if (!response.ok || response.body === null)
        throw new DownloadError(`${url}: ${response.status} ${response.statusText}`);
      for await (const chunk of response.body) {
        clearTimeout(timer);
        timer = setTimeout(
          () => stop.abort(new Error(`nothing more in ${this.patience.stallMs} ms`)),
          this.patience.stallMs,
        );
        yield chunk;
      }
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof DownloadError ? error : new DownloadError(`${url}: ${reasonOf(error)}`);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }
}

/** fetch hides the reason in `cause`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
