import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A place where a secret was found in plain text. */
export interface Leak {
  readonly file: string;
  /** Which secret, by name; never its value. */
  readonly secret: string;
}

/** All files below `dir`, without following links. */
function filesBelow(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() && statSync(path).size > 0 ? [path] : [];
  });
}

/** How a value may stand in a file: as it is, or in base64, whichever of the three alignments. */
function spellings(value: string): string[] {
  const aligned = [0, 1, 2].map((shift) => {
    const text = Buffer.from(" ".repeat(shift) + value).toString("base64");
    // The first and last characters depend on the neighbours.
    return text.slice(shift === 0 ? 0 : shift + 1, -4);
  });
  return [value, encodeURIComponent(value), ...aligned].filter((text) => text.length >= 8);
}

/**
 * Where the secrets stand in plain text or base64 in files that must not hold them: state, logs, records, manifests.
 * @param secrets value by name.
 */
export function findLeaks(dirs: readonly string[], secrets: Readonly<Record<string, string>>): Leak[] {
  const searched = Object.entries(secrets).map(([secret, value]) => ({ secret, texts: spellings(value) }));
  return dirs.flatMap(filesBelow).flatMap((file) => {
    const text = readFileSync(file, "utf8");
    return searched
      .filter(({ texts }) => texts.some((spelling) => text.includes(spelling)))
      .map(({ secret }) => ({ file, secret }));
  });
}
