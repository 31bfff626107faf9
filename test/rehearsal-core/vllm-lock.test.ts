import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { images } from "../../components/versions";
import { findingHere, Prerequisite } from "../../rehearsal/tools";
import { findVllm, VLLM_REQUIREMENTS } from "../../rehearsal/tools/vllm";

const lock = readFileSync(VLLM_REQUIREMENTS, "utf8");

test("vLLM is locked at the release of the engine's image, and every package with its hashes", () => {
  expect(lock).toContain(`\nvllm-cpu==${images.vllm.tag.slice(1)} \\\n`);
  const entries = lock.split(/\n(?=\S)/).filter((entry) => !entry.startsWith("#"));
  expect(entries.length).toBeGreaterThan(100);
  for (const entry of entries) expect(entry).toMatch(/^[\w.-]+==\S+ .*\\\n( {4}--hash=sha256:[0-9a-f]{64}( \\)?\n?)+$/);
});

test("what is gigabytes and of no use without a GPU is not in the lock", () => {
  expect(lock).not.toMatch(/^(nvidia|cuda|triton|torchvision|torchaudio|torchcodec)/m);
});

test("without a Python that vLLM takes, it says which are needed and what is here", async () => {
  const dir = mkdtempSync(join(tmpdir(), "pilotlight-vllm-"));
  const path = process.env.PATH;
  try {
    mkdirSync(join(dir, "bin"));
    const python = join(dir, "bin", "python3");
    writeFileSync(python, "#!/bin/sh\necho 3.10.4 /usr/bin/python3.10\n", { mode: 0o755 });
    process.env.PATH = join(dir, "bin");
    const failure = findVllm({ ...findingHere(() => {}, new AbortController().signal), cache: dir });
    await expect(failure).rejects.toBeInstanceOf(Prerequisite);
    await expect(failure).rejects.toThrow(
      `Python 3.11 or newer, below 3.15, is needed for vLLM 0.32.0; ${python} is 3.10.4`,
    );
  } finally {
    process.env.PATH = path;
    rmSync(dir, { recursive: true });
  }
});
