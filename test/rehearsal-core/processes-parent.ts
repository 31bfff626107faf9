/*
 * A process of its own for processes.test.ts: starts `sh` with a child of its own, prints the pids of both, then does what
 * its first argument says. Its second argument is the folder for the logs.
 */
import { withProcesses } from "../../rehearsal/processes";

const [mode = "", dir = ""] = process.argv.slice(2);
const line = (text: string) => process.stdout.write(`${text}\n`);
const forever = new Promise<never>(() => setInterval(() => undefined, 1000));

const work: Parameters<typeof withProcesses>[1] = async (processes, signal) => {
  // `stubborn` ends by force alone; the others end when asked.
  const trap = mode === "stubborn" ? "trap '' TERM; " : "";
  const program = processes.start({
    name: "program",
    command: "sh",
    args: ["-c", `${trap}sleep 1000 & echo "child $!"; wait; while :; do sleep 1; done`],
    graceMs: mode === "stubborn" ? 300 : undefined,
  });
  await program.ready(async () => program.lastLines().startsWith("child "), 10_000, signal);
  line(`pids ${program.pid} ${program.lastLines().replace("child ", "")}`);
  if (mode === "return") return "returned";
  if (mode === "throw") throw new Error("work failed");
  if (mode === "exit") process.exit(7);
  if (mode === "uncaught") setTimeout(() => Promise.reject(new Error("nobody catches this")), 10);
  if (mode === "save") {
    await new Promise((resolve) => signal.addEventListener("abort", () => setTimeout(resolve, 300)));
    line("saved");
    throw new Error("what the interruption led to");
  }
  if (mode === "uncaught") {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    signal.throwIfAborted();
  }
  return forever;
};

// `deaf` work does not heed that it is to end.
withProcesses(dir, work, mode === "deaf" ? 300 : undefined)
  .then((value) => line(`value ${value}`))
  .catch((error: Error) => {
    line(`error ${error.message}`);
    process.exitCode = 3;
  })
  // The timer of `forever` would keep it.
  .finally(() => process.exit());
