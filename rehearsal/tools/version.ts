import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { Tool } from "./table";

/** The version in a program's answer, as the table writes it: with a `v`. */
export function versionIn(answer: string, pattern: RegExp): string | undefined {
  const version = pattern.exec(answer.trim())?.[1];
  return version && (version.startsWith("v") ? version : `v${version}`);
}

/** Every executable file of that name on PATH, in its order. */
export function onPath(name: string, path = process.env.PATH ?? ""): string[] {
  return path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .filter((file) => {
      try {
        accessSync(file, constants.X_OK);
        return statSync(file).isFile();
      } catch {
        return false;
      }
    });
}

/** What a program answers; an empty text if it cannot be run, or has nothing to say in time. */
export async function answerOf(file: string, args: readonly string[], cwd?: string): Promise<string> {
  try {
    // Some print their version to stderr; pulumi would ask its makers for a newer one.
    const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const { stdout, stderr } = await promisify(execFile)(file, [...args], { timeout: 30_000, env, cwd });
    return stdout.trim() === "" ? stderr : stdout;
  } catch {
    return "";
  }
}

/** What a program says its version is; undefined for one that cannot tell. */
export const versionOf = async ({ versionArgs, versionIn: pattern }: Tool, file: string): Promise<string | undefined> =>
  versionArgs && pattern && versionIn(await answerOf(file, versionArgs), pattern);

/** Compares by numbers: `1.9` is below `1.25.11`. */
export function isAtLeast(version: readonly number[], minimum: readonly number[]): boolean {
  for (const [index, wanted] of minimum.entries()) {
    const have = version[index] ?? 0;
    if (have !== wanted) return have > wanted;
  }
  return true;
}

export const numbersIn = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);
