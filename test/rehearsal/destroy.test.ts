import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { CreateNetworkInterfaceCommand, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { CreateLoadBalancerCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";
import { afterAll, beforeAll, expect, test } from "vitest";
import { faultConfig } from "../../rehearsal/faults/matrix";
import { createStack } from "../../rehearsal/workspace";
import { clusterGoneCommand, type DestroyArgs, destroyCommand } from "../../scripts/destroy-command";
import type { Answer } from "../../scripts/destroy-probe";
import { inCluster } from "../../scripts/destroy-state";
import { exportState } from "../../scripts/destroy-workspace";
import { clientsOf, type Search } from "../../scripts/sweep-account";
import { Refusal } from "../../scripts/sweep-command";
import program from "../../stacks/main";
import { startTestStage, type TestStage } from "./stage";

/*
 * `npm run destroy` with the real engine and the real SDK, against the rehearsal's account and API server.
 */

const REGION = "us-east-1";
let on: TestStage;
beforeAll(async () => {
  on = await startTestStage(faultConfig());
});
afterAll(async () => on?.stop());

/** The API server as the stage has it: the kubeconfig in the state asks for a token of AWS. */
async function answers(): Promise<Answer> {
  try {
    on.kubectl(["get", "--raw", "/readyz", "--request-timeout", "5s"]);
    return { kind: "ready" };
  } catch {
    return { kind: "silent", why: "connection refused" };
  }
}

interface Destroyed {
  readonly stack: Stack;
  readonly args: DestroyArgs;
  readonly said: string[];
  readonly folder: string;
}

async function stackNamed(name: string): Promise<Destroyed> {
  const dir = join(on.dir, name);
  mkdirSync(dir);
  const folder = join(dir, "backups");
  mkdirSync(folder);
  const { pulumi } = on.equipment;
  const stack = await createStack({ dir, pulumi, stackName: name, config: on.config, program, env: on.stage.env });
  const credentials = async () => ({ accessKeyId: "test", secretAccessKey: "test" });
  const clients = clientsOf({ aws: { region: REGION, credentials, endpoint: on.stage.aws.url } });
  const search: Search = { clients, region: REGION, stack: `pilotlight-${name}` };
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const patience = { kindMs: 20_000, everyMs: 200 };
  const confirm = async () => true;
  return { stack, folder, said, args: { stack, short: name, search, probe: answers, confirm, say, folder, patience } };
}

const nothing = (name: string) => `the account holds nothing of this stack (pilotlight-${name})`;

/** What a cluster that has died leaves: a node, its network plugin's interface, a load balancer. */
async function leaveBehind({ args }: Destroyed, outputs: { readonly subnets: readonly string[] }) {
  const { clients, stack } = args.search;
  const owned = { Key: `kubernetes.io/cluster/${stack}`, Value: "owned" };
  const [subnet] = outputs.subnets;
  await clients.ec2.send(
    new RunInstancesCommand({
      ImageId: "ami-0123456789abcdef0",
      InstanceType: "g6e.xlarge",
      MinCount: 1,
      MaxCount: 1,
      NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: subnet, DeleteOnTermination: true }],
      TagSpecifications: [{ ResourceType: "instance", Tags: [owned] }],
    }),
  );
  await clients.ec2.send(
    new CreateNetworkInterfaceCommand({
      SubnetId: subnet,
      TagSpecifications: [
        { ResourceType: "network-interface", Tags: [{ Key: "cluster.k8s.amazonaws.com/name", Value: stack }] },
      ],
    }),
  );
  await clients.balancers.send(
    new CreateLoadBalancerCommand({
      Name: "k8s-left",
      Subnets: [...outputs.subnets],
      Tags: [{ Key: "elbv2.k8s.aws/cluster", Value: stack }],
    }),
  );
}

async function subnetsOf(stack: Stack): Promise<string[]> {
  const { deployment } = await exportState(stack);
  const subnets = (deployment.resources ?? []).filter(({ type }) => type === "aws:ec2/subnet:Subnet");
  return subnets.filter(({ urn }) => urn.includes("private")).map(({ id }) => id ?? "");
}

test("an empty stack and a half-created one are destroyed at the first time", async () => {
  const half = await stackNamed("half");
  expect(await destroyCommand(half.args)).toBe(true);
  const cut = new AbortController();
  let made = 0;
  const onEvent = ({ resOutputsEvent }: EngineEvent) => {
    if (resOutputsEvent?.metadata.op === "create") made += 1;
    if (made === 40) cut.abort();
  };
  await expect(half.stack.up({ onEvent, signal: cut.signal, color: "never" })).rejects.toThrow();
  const { deployment } = await exportState(half.stack);
  expect(deployment.resources?.length).toBeGreaterThan(30);
  expect(await destroyCommand(half.args)).toBe(true);
  expect(half.said.at(-1)).toBe(nothing("half"));
  expect((await on.stage.leftovers()).left).toEqual([]);
});

test("with its cluster silent a destroy stops with one message, and --cluster-gone leaves nothing", async () => {
  const gone = await stackNamed("gone");
  await gone.stack.up({ color: "never" });

  const early = clusterGoneCommand(gone.args);
  await expect(early).rejects.toBeInstanceOf(Refusal);
  await expect(early).rejects.toThrow("the cluster answers, so it is not gone; nothing was changed");

  await leaveBehind(gone, { subnets: await subnetsOf(gone.stack) });
  const before = await exportState(gone.stack);
  const inAccount = (await on.stage.leftovers()).left;
  await on.stage.server.stop();

  await expect(destroyCommand(gone.args)).rejects.toThrow(
    /^the cluster does not answer \(connection refused\).* nothing was changed\..* npm run destroy -- --stack gone --cluster-gone, /,
  );
  expect((await exportState(gone.stack)).text).toBe(before.text);
  expect((await on.stage.leftovers()).left).toEqual(inAccount);
  expect(readdirSync(gone.folder)).toEqual([]);

  // Cut off after the state has lost its Kubernetes resources; the repeat goes on from there.
  const cut = new AbortController();
  const say = (line: string) => {
    gone.said.push(line);
    if (line.startsWith("removing what")) cut.abort(new Error("interrupted"));
  };
  await expect(clusterGoneCommand({ ...gone.args, say, signal: cut.signal })).rejects.toThrow("interrupted");
  const { deployment } = await exportState(gone.stack);
  expect(inCluster(deployment)).toEqual([]);
  expect((await on.stage.leftovers()).left).toEqual(inAccount);
  const [backup = ""] = readdirSync(gone.folder);
  expect(backup).toMatch(/^pilotlight-gone-state-.*\.json$/);
  expect(statSync(join(gone.folder, backup)).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(gone.folder, backup), "utf8")).toBe(before.text);
  expect(before.text).not.toContain('"plaintext"');

  expect(await clusterGoneCommand(gone.args)).toBe(true);
  expect(gone.said.filter((line) => line.startsWith("deleting ")).map((line) => line.split(" ")[1])).toEqual(
    expect.arrayContaining(["instance", "load", "network"]),
  );
  expect(gone.said.at(-1)).toBe(nothing("gone"));
  expect((await on.stage.leftovers()).left).toEqual([]);
});
