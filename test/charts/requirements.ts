import { readFileSync } from "node:fs";
import { join } from "node:path";

const CHARTS = join(__dirname, "..", "..", "charts");

/** The messages of all `fail`s in a chart's templates, as patterns: what `printf` fills in is anything. */
export function failPatterns(chart: string): { message: string; pattern: RegExp }[] {
  const text = readFileSync(join(CHARTS, chart, "templates", "requirements.yaml"), "utf8");
  const found = [...text.matchAll(/\bfail (?:\(printf )?"((?:[^"\\]|\\.)*)"/g)].map(([, message = ""]) =>
    message.replaceAll('\\"', '"'),
  );
  // Whatever the pattern above cannot read would be a rule without a test.
  const all = [...text.matchAll(/\bfail\b/g)].length;
  if (found.length !== all)
    throw new Error(`${all} fails in ${chart}/templates/requirements.yaml, ${found.length} read`);
  return found.map((message) => ({
    message,
    pattern: new RegExp(
      `^${message
        .split(/%[sdq]/)
        .map(literally)
        .join(".+")}$`,
    ),
  }));
}

const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
