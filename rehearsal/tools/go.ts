import { readFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runToEnd } from "../processes";
import { whileWaiting } from "./clock";
import { type GoBuild, MODULES } from "./table";
import { answerOf, isAtLeast, numbersIn } from "./version";

/** Something that the user has to install; the message says what, why and how. */
export class Prerequisite extends Error {}

/** The Go version that a go.mod asks for, for example `1.25.11`. */
export function goVersionOf(goMod: string): string {
  const version = /^go (\S+)$/m.exec(goMod)?.[1];
  if (version === undefined) throw new Error("go.mod has no `go` line");
  return version;
}

/**
 * What is wrong with the Go of this machine, or undefined.
 * @param answer of `go env GOVERSION GOTOOLCHAIN`; empty if there is no Go.
 */
export function goFault(answer: string, wanted: string): string | undefined {
  const [version = "", toolchain = ""] = answer.trim().split("\n");
  const have = numbersIn(version);
  if (have.length === 0) return "there is no go on PATH";
  if (isAtLeast(have, numbersIn(wanted))) return undefined;
  // Since 1.21 go gets a newer one by itself, unless told not to.
  if (isAtLeast(have, [1, 21]) && toolchain !== "local" && toolchain !== "path") return undefined;
  return `go on PATH is ${version.replace("go", "")}`;
}

/** @throws Prerequisite if the Go of this machine will not do for that module. */
export async function demandGo(module: string, why: string): Promise<void> {
  const wanted = goVersionOf(readFileSync(join(MODULES, module, "go.mod"), "utf8"));
  // Not in the module's folder: there an old go would only say that it is too old.
  const fault = goFault(await answerOf("go", ["env", "GOVERSION", "GOTOOLCHAIN"], tmpdir()), wanted);
  if (fault !== undefined)
    throw new Prerequisite(`Go ${wanted} or newer is needed ${why}; ${fault}. Install it: https://go.dev/doc/install`);
}

/**
 * Go's settings here: nothing of the user's changes what is built, and no C compiler is needed.
 * @param temporary folder that is removed if the build does not end: go itself leaves its files behind when stopped.
 */
export const goEnvironment = (temporary: string): NodeJS.ProcessEnv => ({
  ...process.env,
  GOTMPDIR: temporary,
  GOFLAGS: "-mod=readonly",
  GOWORK: "off",
  CGO_ENABLED: "0",
});

/** Arguments of `go`. Without symbol tables a program links faster and is a third smaller. */
export const buildArgs = ({ package: name, tags = [], variables }: GoBuild, to: string): string[] => {
  const set = Object.entries(variables).map(([variable, value]) => `-X ${variable}=${value}`);
  const tagged = tags.length === 0 ? [] : ["-tags", tags.join(",")];
  return ["build", "-trimpath", "-buildvcs=false", ...tagged, "-ldflags", ["-s -w", ...set].join(" "), "-o", to, name];
};

export interface GoBuilding {
  readonly label: string;
  readonly build: GoBuild;
  readonly to: string;
  readonly log: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Builds a program from the module of this checkout, saying every 10 s how far it is in time. */
export async function goBuild({ label, build, to, log, say, signal }: GoBuilding): Promise<void> {
  const usually = `usually ${build.usually} on 2 cores; here are ${availableParallelism()}`;
  say(`${label}: building ${build.package} with Go (${usually})`);
  const args = { name: `the build of ${label}`, command: "go", args: buildArgs(build, to), log };
  await whileWaiting(
    (soFar) => `${label}: building, ${soFar} so far (${usually})`,
    say,
    () => runToEnd({ ...args, cwd: join(MODULES, build.module), env: goEnvironment(dirname(to)) }, signal),
  );
}
