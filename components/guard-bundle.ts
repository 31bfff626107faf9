import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { buildSync } from "esbuild";

/*
 * The guard's function as one file, made while the program runs, so that there is no build step to forget.
 */

const ROOT = join(__dirname, "..");
const ENTRY = "guard/handler.ts";
/** Where a program's own left-overs belong: git does not see it, and `npm ci` takes it away. */
const BUNDLE = "node_modules/.cache/pilotlight/spend-guard.js";

/** Name of the function's entry: file and export. */
export const GUARD_HANDLER = "index.handler";

/**
 * The function's code: about 1 MB, made in half a second. The AWS SDK is in it, so that the version which was tested is the
 * one that runs; Lambda's own changes without notice. The same sources give the same bytes.
 */
export function guardCode(): string {
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: [ENTRY],
    bundle: true,
    minify: true,
    legalComments: "none",
    platform: "node",
    target: "node22",
    format: "cjs",
    // The SDK's ES modules: what the guard does not call is left out of them.
    mainFields: ["module", "main"],
    write: false,
    logLevel: "silent",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`esbuild made nothing of ${ENTRY}`);
  return file.text;
}

/** Once for each process: those that run the program many times do not edit it meanwhile. */
let made: string | undefined;

/** The code as the engine takes it: by the name of a file, since the text itself would be kept in the stack's state. */
export function guardArchive(): pulumi.asset.Archive {
  made ??= guardCode();
  writeIfChanged(join(ROOT, BUNDLE), made);
  // Relative to `stacks/`, where the engine runs the program, as the charts are: the state is the same on every machine.
  return new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.FileAsset(`../${BUNDLE}`) });
}

/** Whole or not at all: another run may be reading it. */
function writeIfChanged(path: string, text: string): void {
  if (read(path) === text) return;
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, text);
  renameSync(partial, path);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
