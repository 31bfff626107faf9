import { readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { ProcessError, runToEnd } from "../processes";
import { ensure, isComplete, keyOf } from "./cache";
import { took, whileWaiting } from "./clock";
import { Prerequisite } from "./go";
import type { Finding } from "./index";
import type { PythonEnvironment } from "./table";
import { answerOf, isAtLeast, numbersIn, onPath } from "./version";

/** The names under which distributions have a Python beside the one they call python3. */
const NAMES = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];

/** What identifies an interpreter: its version, and the file behind all links. */
const IDENTITY = "import os, sys; print('%d.%d.%d' % sys.version_info[:3], os.path.realpath(sys.executable))";

/** The first one that will do. @throws Prerequisite naming those that will not. */
async function interpreter({ versions: { from, below }, why }: PythonEnvironment) {
  const others: string[] = [];
  for (const file of NAMES.flatMap((name) => onPath(name))) {
    const identity = (await answerOf(file, ["-c", IDENTITY])).trim();
    const version = numbersIn(identity).slice(0, 3);
    if (isAtLeast(version, from) && !(below && isAtLeast(version, below))) return { file, identity };
    others.push(`${file} is ${identity.split(" ")[0] || "none that works"}`);
  }
  const found = others.length > 0 ? others.join(", ") : "there is no python3 on PATH";
  const wanted = `Python ${from.join(".")} or newer${below ? `, below ${below.join(".")},` : ""}`;
  throw new Prerequisite(`${wanted} is needed for ${why}; ${found}`);
}

/** What is done to an environment once its packages are there. */
export interface Finishing {
  /** What decides what it does: a change makes another environment. */
  readonly inputs: readonly (string | Buffer)[];
  readonly finish: (python: string, log: string) => Promise<void>;
}

/** A Python with all packages of an environment, in the cache. */
export async function findPython(
  environment: PythonEnvironment,
  { cache, say, signal }: Finding,
  { inputs, finish }: Finishing = { inputs: [], finish: async () => {} },
): Promise<string> {
  const { name, requirements, usually } = environment;
  const started = Date.now();
  const { file, identity } = await interpreter(environment);
  // A virtual environment leans on the interpreter that made it: another one makes another environment.
  const key = keyOf(readFileSync(requirements), identity, process.arch, ...inputs);
  const folder = join(cache, "python", `${name}-${key}`);
  const python = join(folder, "bin", "python");
  const log = `${folder}.log`;
  const there = isComplete(folder);
  const fill = async () => {
    say(`python: installing ${name} and what it needs from PyPI (usually ${usually})`);
    rmSync(log, { force: true });
    await whileWaiting(
      (soFar) => `python: installing ${name}, ${soFar} so far (usually ${usually})`,
      say,
      async () => {
        await install({ interpreter: file, requirements, folder, log, signal });
        await finish(python, log);
      },
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
  // What pip would keep besides is in the environment already.
  pip.push("--no-cache-dir", "--progress-bar", "off", "--requirement", args.requirements);
  await runToEnd({ name: "pip install", command: join(folder, "bin", "python"), args: pip, log }, signal);
}
