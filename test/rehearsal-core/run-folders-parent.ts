/*
 * A process of its own for run-folders.test.ts: works in a folder of its own, prints its name, then does what its argument
 * says.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inOwnFolder } from "../../rehearsal/run";

const [mode = ""] = process.argv.slice(2);

inOwnFolder(async ({ dir }) => {
  writeFileSync(join(dir, "state.json"), "{}");
  console.log(`dir ${dir}`);
  if (mode === "fail") throw new Error("work failed");
  if (mode === "stay") await new Promise(() => setInterval(() => undefined, 1000));
}).catch(() => {
  process.exitCode = 1;
});
