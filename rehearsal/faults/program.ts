import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { PROJECT_ROOT } from "../../stacks/stack-file";

/** A program that runs apart from this process, so that it can be killed alone. */
export class ProgramHost {
  private constructor(
    private readonly child: ChildProcess,
    private readonly port: number,
  ) {}

  static async start(): Promise<ProgramHost> {
    const file = join(__dirname, "program-host.ts");
    const child = spawn(process.execPath, ["--import", "tsx", file], {
      cwd: PROJECT_ROOT,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const port = await new Promise<number>((resolve, reject) => {
      let said = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        const found = /^port (\d+)$/m.exec(said);
        if (found) resolve(Number(found[1]));
      });
      child.once("exit", (code) =>
        reject(new Error(`the program's process ended with ${code} before it was ready: ${said}`)),
      );
    });
    return new ProgramHost(child, port);
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }

  /** `pulumi up` with this program. @throws Error with the engine's output. */
  async up(stack: Stack, onOutput: (text: string) => void): Promise<void> {
    const { pulumiCommand, workDir, envVars, pulumiHome } = stack.workspace as typeof stack.workspace & {
      readonly pulumiCommand: { run: (...args: unknown[]) => Promise<unknown> };
    };
    const args = ["up", "--yes", "--skip-preview", "--color", "never", `--client=127.0.0.1:${this.port}`];
    const env = { ...(pulumiHome ? { PULUMI_HOME: pulumiHome } : {}), ...envVars };
    const all = [...args, "--exec-kind", "auto.inline", "--stack", stack.name];
    await pulumiCommand.run(all, workDir, env, onOutput);
  }
}
