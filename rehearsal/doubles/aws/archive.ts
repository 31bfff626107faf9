import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { strToU8, type Zippable, zipSync } from "fflate";
import { PROJECT_ROOT } from "../../../stacks/stack-file";
import { type Props, props, text, type Value } from "./table";

/** The oldest time that a ZIP file can hold: the same files make the same bytes. */
const MTIME = new Date(1980, 0, 1);

/**
 * A Pulumi archive as a ZIP file in base64, as its providers hand it to AWS. Paths are relative to the folder of the
 * program, as for the engine.
 */
export function zipOf(archive: Value): string {
  const { assets } = props(archive);
  if (assets === undefined)
    throw new Error("the AWS double reads archives of named assets alone: add others to archive.ts");
  const files = Object.entries(props(assets)).map(([name, asset]) => [
    name,
    [contents(props(asset)), { mtime: MTIME }],
  ]);
  return Buffer.from(zipSync(Object.fromEntries(files) as Zippable)).toString("base64");
}

function contents(asset: Props): Uint8Array {
  const path = text(asset, "path");
  return path === "" ? strToU8(text(asset, "text")) : readFileSync(resolve(PROJECT_ROOT, "stacks", path));
}
