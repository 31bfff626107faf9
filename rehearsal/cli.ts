import { accessSync, constants, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { readStackFile, stackNames } from "../stacks/stack-file";
import { type Equipment, findEquipment } from "./equipment";
import { faultsDocument } from "./faults/document";
import { rehearseFaults } from "./faults/rehearse";
import { rehearseLive } from "./live/outside";
import { LIVE_STACK, parseOptions, USAGE, UsageError } from "./options";
import { rehearse } from "./rehearse";
import { type Report, summary } from "./report";
import { exitWith, inOwnFolder, type Run, say } from "./run";
import { showSettings } from "./settings";
import { startStage } from "./stage";
import { unsupported } from "./tools";

/*
 * `npm run rehearse`: see USAGE.
 */

async function main(argv: readonly string[]): Promise<void> {
  const { stacks, live, faults, table, json, help } = parseOptions(argv, stackNames());
  if (help) {
    console.log(USAGE);
    return;
  }
  const fault = unsupported(process.platform, process.arch);
  if (fault !== undefined) throw new Error(fault);
  const today = new Date().toISOString().slice(0, 10);
  for (const stack of live ? [...stacks, LIVE_STACK] : stacks)
    for (const line of showSettings(stack, today)) say(`${stack}: ${line}`);

  for (const [flag, file] of Object.entries({ json, table, report: live?.report, info: live?.info }))
    if (file !== undefined) demandWritable(flag, file);

  const reports: Report[] = [];
  let equipment: Equipment | undefined;
  // Each stack has a world of its own.
  for (const stack of stacks)
    await inOwnFolder(async (run) => {
      equipment ??= await findEquipment(run.say, run.signal);
      reports.push(await rehearseOne(stack, equipment, run));
    });
  let shown = true;
  if (faults !== undefined)
    await inOwnFolder(async (run) => {
      const { seen, failed } = await rehearseFaults(faults, run, await findEquipment(run.say, run.signal));
      if (json !== undefined) writeFileSync(json, `${JSON.stringify({ seen, failed }, null, 2)}\n`);
      if (table !== undefined) writeFileSync(table, faultsDocument(seen));
      shown = failed.length === 0;
    });
  if (live !== undefined)
    await inOwnFolder(async (run) => {
      shown = await rehearseLive({ ...run, stackName: LIVE_STACK, today, options: live });
    });
  for (const report of reports) console.log(`\n${summary(report).join("\n")}`);
  if (json !== undefined && stacks.length > 0) writeFileSync(json, `${JSON.stringify(reports, null, 2)}\n`);
  if (!shown) process.exitCode = 1;
}

/** A file that cannot be written should not cost a whole run; what is in it stays until there is something to put there. */
function demandWritable(flag: string, file: string): void {
  try {
    accessSync(dirname(resolve(file)), constants.W_OK);
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw new Error("it is a folder");
  } catch (error) {
    throw new UsageError(`--${flag} ${file} cannot be written: ${(error as Error).message}; name another file`);
  }
}

async function rehearseOne(stackName: string, tools: Equipment, run: Run): Promise<Report> {
  say(`stack ${stackName}`);
  const stage = await startStage({ ...run, tools, config: readStackFile(stackName).config });
  try {
    return await rehearse({ ...run, tools, stackName, stage });
  } finally {
    await stage.close();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => exitWith(error, (cause) => cause instanceof UsageError));
