/** What is wrong with a command line: with its flags, or with a file that it names. */
export class BenchUsage extends Error {}

/**
 * What the command line has to do with an error; undefined where that lies elsewhere. Pure.
 * @param argv arguments after the script's name.
 */
export function usageFault(error: unknown, argv: readonly string[]): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path } = error as NodeJS.ErrnoException;
  if (error instanceof BenchUsage) return error.message;
  // Node goes on with how it would take the argument as a word, which is of no use here.
  if (code?.startsWith("ERR_PARSE_ARGS_")) return error.message.replace(/\. To specify a positional argument.*$/s, "");
  const at = path === undefined ? -1 : argv.findIndex((given) => given === path || given.endsWith(`=${path}`));
  if (path === undefined || at < 0) return undefined;
  const flag = argv[at] === path ? argv[at - 1] : argv[at]?.slice(0, -path.length - 1);
  return `${flag} ${path}: ${code === "ENOENT" ? "there is no such file" : error.message}`;
}
