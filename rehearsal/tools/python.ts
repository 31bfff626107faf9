import { readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { ProcessError, runToEnd } from "../processes";
import { ensure, isComplete, keyOf } from "./cache";
import { took, whileWaiting } from "./clock";
import { Prerequisite } from "./go";
import type { Finding } from "./index";
import { PYTHON_MINIMUM, type PythonEnvironment } from "./table";
import { answerOf, isAtLeast, numbersIn, onPath } from "./version";

/** The names under which distributions have a Python beside the one they call python3. */
const NAMES = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];
const WANTED = PYTHON_MINIMUM.join(".");

/** What identifies an interpreter: its version, and the file behind all links. */
const IDENTITY = "import os, sys; print('%d.%d.%d' % sys.version_info[:3], os.path.realpath(sys.executable))";

/** The first one that is new enough. @throws Prerequisite naming those that are not. */
async function interpreter(why: string): Promise<{ file: string; identity: string }> {
  const old: string[] = [];
  for (const file of NAMES.flatMap((name) => onPath(name))) {
    const identity = (await answerOf(file, ["-c", IDENTITY])).trim();
    if (isAtLeast(numbersIn(identity).slice(0, 3), PYTHON_MINIMUM)) return { file, identity };
    old.push(`${file} is ${identity.split(" ")[0] || "none that works"}`);
  }
  const found = old.length > 0 ? old.join(", ") : "there is no python3 on PATH";
  throw new Prerequisite(`Python ${WANTED} or newer is needed for ${why}; ${found}`);
}

/** A Python with all packages of an environment, in the cache. */
export async function findPython(
  { name, requirements, usually, why }: PythonEnvironment,
  { cache, say, signal }: Finding,
): Promise<string> {
  const started = Date.now();
  const { file, identity } = await interpreter(why);
  // A virtual environment leans on the interpreter that made it: another one makes another environment.
  const key = keyOf(readFileSync(requirements), identity, process.arch);
  const folder = join(cache, "python", `${name}-${key}`);
  const python = join(folder, "bin", "python");
  const log = `${folder}.log`;
  const there = isComplete(folder);
  const fill = async () => {
    say(`python: installing ${name} and what it needs from PyPI (usually ${usually})`);
    rmSync(log, { force: true });
    await whileWaiting(
      (soFar) => `python: installing ${name}, ${soFar} so far`,
      say,
      () => install({ interpreter: file, requirements, folder, log, signal }),
    );
  };
  const onWait = (pid: string) =>
    say(`python: another rehearsal (process ${pid}) is installing ${name}; waiting for it`);
  await ensure({ folder, fill, onWait, signal });
  const from = there ? "in the cache" : `from PyPI, pinned in rehearsal/tools/${basename(requirements)}`;
  say(`python ${identity.split(" ")[0]} with ${name}: ${from}, ${took(Date.now() - started)}`);
  return python;
}

async function install(args: {
  interpreter: string;
  requirements: string;
  folder: string;
  log: string;
  signal: AbortSignal;
}): Promise<void> {
  const { interpreter: file, folder, log, signal } = args;
  await runToEnd({ name: "python -m venv", command: file, args: ["-m", "venv", folder], log }, signal).catch(
    (error: unknown) => {
      // Debian and Ubuntu leave out what a virtual environment needs.
      if (error instanceof ProcessError && error.message.includes("ensurepip"))
        throw new Prerequisite(`${file} cannot make virtual environments: install its package python3-venv`);
      throw error;
    },
  );
  // The lock file has every package with its hashes, so nothing is resolved and nothing unexpected can come.
  const pip = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-deps", "--require-hashes"];
  pip.push("--requirement", args.requirements);
  await runToEnd({ name: "pip install", command: join(folder, "bin", "python"), args: pip, log }, signal);
}
