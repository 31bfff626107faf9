import { parseOptions, USAGE } from "./plan-options";
import { UsageError } from "./plan-values";

/*
 * `npm run plan`: what a model needs, how fast it is, how long it takes to wake and what it costs, before anything exists.
 */

async function main(argv: string[]): Promise<boolean> {
  const options = parseOptions(argv);
  if (options.kind === "help") {
    console.log(USAGE);
    return true;
  }
  // Only a stack's plan needs the program's settings, and with them Pulumi.
  const { text, fits } =
    options.kind === "stack"
      ? await (await import("./plan-stack.js")).planStack(options, new Date().toISOString().slice(0, 10))
      : await (await import("./plan-ad-hoc.js")).planAdHoc(options);
  console.log(text);
  return fits;
}

main(process.argv.slice(2)).then(
  (fits) => {
    process.exitCode = fits ? 0 : 1;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
