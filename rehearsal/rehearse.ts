import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { OutputMap, Stack } from "@pulumi/pulumi/automation";
import program from "../stacks/main";
import { readStackFile } from "../stacks/stack-file";
import { findLeaks } from "./checks";
import { follow, type Steps } from "./progress";
import type { Phase, Report } from "./report";
import type { Stage } from "./stage";
import type { Tools } from "./tools";
import { changeIdleTime, createStack, rewriteConfig } from "./workspace";

/** Something did not go as it must; the message says what. */
export class RehearsalError extends Error {}

export interface RehearseArgs {
  readonly stackName: string;
  /** Settings by full key; left out, those of the stack file. */
  readonly config?: Record<string, unknown>;
  readonly stage: Stage;
  readonly tools: Pick<Tools, "pulumi">;
  /** Folder of this run. */
  readonly dir: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const CRD = "CustomResourceDefinition";

type Work = (onEvent: ReturnType<typeof follow>["onEvent"], onOutput: (text: string) => void) => Promise<unknown>;

/** The whole life of a stack: preview, up, up again, a change, destroy; each phase is checked before the next begins. */
export async function rehearse({ stackName, stage, tools, dir, say, signal, ...given }: RehearseArgs): Promise<Report> {
  const started = Date.now();
  const logs = join(dir, "logs");
  mkdirSync(logs, { recursive: true });
  const config = given.config ?? readStackFile(stackName).config;
  const before = new Set(await stage.objects.names());
  const stack = await createStack({ dir, pulumi: tools.pulumi, stackName, config, program, env: stage.env });

  const phases: Phase[] = [];
  const known: Record<string, string> = {};
  const options = { color: "never", signal } as const;
  const preview = await phase("preview", (onEvent, onOutput) => stack.preview({ onEvent, onOutput, ...options }));
  demand(onlyOps(preview, ["create"]), "a preview of nothing there has other steps than create", preview);
  await demandNothingLeft("the preview");

  const up = await phase("up", (onEvent, onOutput) => stack.up({ onEvent, onOutput, ...options }));
  demand(onlyOps(up, ["create"]), "the first up did more than create", up);
  const outputs = await stack.outputs();
  checkOutputs(outputs, Object.keys(config["pilotlight:models"] as object));
  const objects = count((await stage.objects.names()).filter((name) => !before.has(name)));
  await demandNoLeak();

  const again = await phase("up again", (onEvent, onOutput) => stack.up({ onEvent, onOutput, ...options }));
  demand(onlyOps(again, ["same"]), "up again, with nothing changed, changed something", again);

  const { changed, what } = changeIdleTime(config);
  say(`change: ${what}`);
  rewriteConfig(dir, stackName, changed);
  const change = await phase("change", (onEvent, onOutput) => stack.up({ onEvent, onOutput, ...options }));
  demand(onlyOps(change, ["same", "update"]), "a change of one setting did more than update", change);
  demand((change.byOperation.update ?? 0) > 0, "a change of one setting updated nothing", change);
  for (const line of change.changes) say(`  ${line}`);

  const destroy = await phase("destroy", (onEvent, onOutput) => stack.destroy({ onEvent, onOutput, ...options }));
  demand(onlyOps(destroy, ["delete"]), "destroy did more than delete", destroy);
  const { later, kept } = await demandNothingLeft("destroy");
  await demandNoLeak();

  const seconds = (Date.now() - started) / 1000;
  const ownCluster = !Object.hasOwn(config["pilotlight:cluster"] as object, "adopt");
  return { stack: stackName, ownCluster, phases, objects, notes: stage.notes, later, kept, seconds };

  async function phase(name: Phase["name"], work: Work): Promise<Steps> {
    signal.throwIfAborted();
    say(`${name} …`);
    const begun = Date.now();
    const { steps, onEvent } = follow((line) => say(`  ${line}`));
    const log = createWriteStream(join(logs, `engine-${name.replace(" ", "-")}.log`));
    try {
      await work(onEvent, (text) => log.write(text));
      // The engine calls a destroy that was cut off a success.
      signal.throwIfAborted();
    } catch (error) {
      signal.throwIfAborted();
      const reasons = steps.errors.length > 0 ? steps.errors : [error instanceof Error ? error.message : String(error)];
      throw new RehearsalError(`${name} failed:\n${reasons.map((reason) => `  ${reason}`).join("\n")}`);
    } finally {
      await new Promise((done) => log.end(done));
    }
    const seconds = (Date.now() - begun) / 1000;
    phases.push({ name, seconds, steps });
    say(`${name}: ${seconds.toFixed(1)} s`);
    return steps;
  }

  /** State, API server and account are as they were before the stack, but for what helm and AWS leave by themselves. */
  async function demandNothingLeft(after: string) {
    const { left, later: deletedLater } = await stage.leftovers();
    const state = await resourcesInState(stack);
    const kept = stage.keptCrds().map((name) => `${CRD} ${name}`);
    const inApi = (await stage.objects.names()).filter((name) => !before.has(name) && !kept.includes(name));
    const faults = [
      ...state.map((urn) => `state: ${urn}`),
      ...inApi.map((name) => `Kubernetes API: ${name}`),
      ...left.map((thing) => `AWS: ${thing}`),
    ];
    if (faults.length > 0) throw new RehearsalError(`left behind by ${after}:\n  ${faults.join("\n  ")}`);
    return { later: deletedLater, kept: stage.keptCrds().filter((name) => !before.has(`${CRD} ${name}`)) };
  }

  /** No secret of the cluster stands in plain text in state, logs, objects other than Secrets, or Helm's records. */
  async function demandNoLeak() {
    Object.assign(known, await stage.objects.secretValues());
    await stage.objects.dump(join(dir, "dump"));
    const leaks = findLeaks([join(dir, "state"), logs, join(dir, "dump")], known);
    if (leaks.length > 0)
      throw new RehearsalError(
        `secrets in plain text:\n${leaks.map(({ file, secret }) => `  ${secret} in ${file}`).join("\n")}`,
      );
  }
}

/** Whether a phase took no other steps than these. */
const onlyOps = ({ byOperation }: Steps, allowed: readonly string[]) =>
  Object.entries(byOperation).every(([op, count]) => count === 0 || allowed.includes(op));

function demand(holds: boolean, otherwise: string, { changes }: Steps): void {
  if (!holds) throw new RehearsalError(`${otherwise}:\n${changes.map((line) => `  ${line}`).join("\n")}`);
}

/** What a user reads after `up`. */
function checkOutputs(outputs: OutputMap, models: readonly string[]): void {
  const faults: string[] = [];
  const check = (holds: boolean, fault: string) => {
    if (!holds) faults.push(fault);
  };
  check(/^https?:\/\/[\w.-]+(:\d+)?\/v1$/.test(outputs.endpoint?.value), `endpoint is ${outputs.endpoint?.value}`);
  check(outputs.apiKey?.secret === true, "apiKey is not a secret");
  check(/^sk-\w{40}$/.test(outputs.apiKey?.value), "apiKey is no key");
  check(outputs.kubeconfig === undefined || outputs.kubeconfig.secret, "kubeconfig is not a secret");
  check(
    JSON.stringify(Object.keys(outputs.models?.value ?? {}).sort()) === JSON.stringify([...models].sort()),
    `models are ${Object.keys(outputs.models?.value ?? {})}`,
  );
  check(/^curl /m.test(outputs.tryIt?.value), `tryIt is ${outputs.tryIt?.value}`);
  if (faults.length > 0)
    throw new RehearsalError(`outputs of the stack:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
}

/** Objects by kind. */
function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) {
    const [kind = ""] = name.split(" ");
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

async function resourcesInState(stack: Stack): Promise<string[]> {
  const { deployment } = await stack.exportStack();
  const resources: { urn: string; type: string }[] = deployment?.resources ?? [];
  return resources.filter(({ type }) => type !== "pulumi:pulumi:Stack").map(({ urn }) => urn);
}
