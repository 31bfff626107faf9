import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Aws, startAws } from "../../rehearsal/doubles/aws";
import { Account } from "../../rehearsal/doubles/aws/account";
import { configure } from "../../rehearsal/doubles/aws/configure";
import { AwsDouble } from "../../rehearsal/doubles/aws/provider";
import type { Props } from "../../rehearsal/doubles/aws/table";
import { TABLE } from "../../rehearsal/doubles/aws/tables";
import { Processes } from "../../rehearsal/processes";
import { findingHere, findTools, type Tools } from "../../rehearsal/tools";

/** The tools of a rehearsal, found or got as a rehearsal does. */
export const tools = <N extends keyof Tools>(...names: N[]) =>
  findTools(
    names,
    findingHere(() => {}, new AbortController().signal),
  );

const ACCOUNT = "123456789012";
export const API = { apiServer: "https://127.0.0.1:6443", caData: "Y2E=" };
export const WHERE = configure({ region: "us-east-1" }, { account: ACCOUNT, ...API }).where;

export interface AwsStage {
  readonly aws: Aws;
  readonly dir: string;
  /** One line for each step the double took. */
  readonly notes: string[];
  readonly log: () => string;
  /** A call of AWS, as any program makes it. */
  readonly call: (service: string, operation: string, params: Props) => Promise<Props>;
  /** A resource through the whole double: checked, then created. */
  readonly create: (type: string, name: string, given: Props) => Promise<Made>;
  readonly double: AwsDouble;
  readonly close: () => Promise<void>;
}

export interface Made {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  /** What the program says, before defaults. */
  readonly given: Props;
  readonly inputs: Props;
  readonly outs: Props;
}

/** A real moto and the double in front of it, in a folder of their own. */
export async function startStage(account?: string): Promise<AwsStage> {
  const dir = mkdtempSync(join(tmpdir(), "pilotlight-aws-"));
  const processes = new Processes(dir);
  const notes: string[] = [];
  const note = (op: string, type: string, name: string, more = "") => {
    notes.push([op, type, name, more].join(" ").trim());
  };
  const { python } = await tools("python");
  const aws = await startAws({ python, processes, ...API, account, note });
  const calls = new Account(aws.url);
  const double = new AwsDouble(TABLE, calls, note);
  return {
    aws,
    dir,
    notes,
    double,
    log: () => readFileSync(join(dir, "aws.log"), "utf8"),
    call: (service, operation, params) => calls.call({ service, operation, params }, WHERE),
    create: async (type, name, given) => {
      const { inputs, failures } = double.check({ type, name, given, seed: name, old: {}, defaultTags: {} });
      if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("; "));
      const { id, outs } = await double.create({ type, name, id: "" }, inputs, WHERE);
      return { type, name, id, given, inputs, outs };
    },
    close: async () => {
      await aws.close();
      await processes.stopAll();
      rmSync(dir, { recursive: true });
    },
  };
}
