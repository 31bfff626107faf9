import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { CreateNetworkInterfaceCommand } from "@aws-sdk/client-ec2";
import { CreateNodegroupCommand } from "@aws-sdk/client-eks";
import { CreateLoadBalancerCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";
import { afterAll, beforeAll, expect, test } from "vitest";
import { STACK_TAG } from "../../guard/tags";
import { faultConfig } from "../../rehearsal/faults/matrix";
import { createStack } from "../../rehearsal/workspace";
import { clusterGoneCommand, type DestroyArgs, destroyCommand } from "../../scripts/destroy-command";
import type { Answer } from "../../scripts/destroy-probe";
import { inCluster, launchRoleOf, type StateResource } from "../../scripts/destroy-state";
import { exportState } from "../../scripts/destroy-workspace";
import { clientsOf, type Search } from "../../scripts/sweep-account";
import { Refusal } from "../../scripts/sweep-command";
import { notLookedFor } from "../../scripts/sweep-table";
import program from "../../stacks/main";
import { type Relauncher, startRelauncher } from "./relauncher";
import { startTestStage, type TestStage } from "./stage";

/*
 * `npm run destroy` with the real engine and the real SDK, against the rehearsal's account and API server.
 */

const REGION = "us-east-1";
let on: TestStage;
let karpenter: Relauncher | undefined;
beforeAll(async () => {
  on = await startTestStage(faultConfig());
});
afterAll(async () => {
  await karpenter?.stop();
  await on?.stop();
});

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

/** The end of what is said. */
const nothing = (name: string) => [
  expect.stringContaining(`the account holds nothing of this stack (pilotlight-${name}) that controllers leave: `),
  notLookedFor(name),
];

/**
 * What a cluster leaves that nobody can ask any more: its network plugin's interface, a load balancer; and a node group that a
 * killed run had begun to make.
 */
async function leaveBehind({ args }: Destroyed, subnets: string[], nodeRole: string) {
  const { clients, stack } = args.search;
  const [SubnetId] = subnets;
  await clients.eks.send(
    new CreateNodegroupCommand({
      clusterName: stack,
      nodegroupName: "begun",
      nodeRole,
      subnets,
      tags: { [STACK_TAG]: stack },
    }),
  );
  await clients.ec2.send(
    new CreateNetworkInterfaceCommand({
      SubnetId,
      TagSpecifications: [
        { ResourceType: "network-interface", Tags: [{ Key: "cluster.k8s.amazonaws.com/name", Value: stack }] },
      ],
    }),
  );
  await clients.balancers.send(
    new CreateLoadBalancerCommand({
      Name: "k8s-left",
      Subnets: [...subnets],
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
  expect(half.said.slice(-2)).toEqual(nothing("half"));
  expect((await on.stage.leftovers()).left).toEqual([]);
});

/** Ends a run at a line, and tells whether it was the interruption that ended it. */
async function cutAt({ args, said }: Destroyed, start: string): Promise<void> {
  const cut = new AbortController();
  const say = (line: string) => {
    said.push(line);
    if (line.startsWith(start)) cut.abort(new Error("interrupted"));
  };
  await expect(clusterGoneCommand({ ...args, say, signal: cut.signal })).rejects.toThrow(/^interrupted$/);
}

test("with its cluster out of reach a destroy stops with one message; --cluster-gone outlasts Karpenter and leaves nothing", async () => {
  const gone = await stackNamed("gone");
  await gone.stack.up({ color: "never" });

  const early = clusterGoneCommand(gone.args);
  await expect(early).rejects.toBeInstanceOf(Refusal);
  await expect(early).rejects.toThrow("the cluster answers, so it is not gone; nothing was changed");

  // Another backend's state of the same name, which has never heard of this cluster.
  const foreign = clusterGoneCommand({ ...(await stackNamed("foreign")).args, search: gone.args.search });
  await expect(foreign).rejects.toBeInstanceOf(Refusal);
  await expect(foreign).rejects.toThrow("EKS cluster pilotlight-gone is there and not in the state");

  const subnets = await subnetsOf(gone.stack);
  const before = await exportState(gone.stack);
  const outputOf = (is: (one: StateResource) => boolean, name: string) =>
    String(before.deployment.resources?.find(is)?.outputs?.[name]);
  await leaveBehind(
    gone,
    subnets,
    outputOf(({ type }) => type === "aws:eks/nodeGroup:NodeGroup", "nodeRoleArn"),
  );
  const role = launchRoleOf(before.deployment);
  const roleArn = outputOf(({ id }) => id === role, "arn");
  const [subnet = ""] = subnets;
  karpenter = await startRelauncher(on, { stack: "pilotlight-gone", roleArn, subnet });
  expect(karpenter.counts).toEqual({ started: 1, refused: 0 });
  const inAccount = (await on.stage.leftovers()).left;
  await on.stage.server.stop();

  await expect(destroyCommand(gone.args)).rejects.toThrow(
    /^the cluster does not answer \(connection refused\).* nothing was changed\. EKS says that cluster pilotlight-gone is ACTIVE: .* aws eks update-cluster-config --name pilotlight-gone --region us-east-1 .* npm run destroy -- --stack gone --cluster-gone, /,
  );
  const asked: string[] = [];
  const refuse = async (what: string) => {
    asked.push(what);
    return false;
  };
  await expect(clusterGoneCommand({ ...gone.args, confirm: refuse })).rejects.toThrow("nothing was changed");
  expect(asked).toEqual([expect.stringMatching(/^The cluster is ACTIVE, not gone: /)]);
  expect(gone.said).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^ {2}instance i-\w+, g6e\.xlarge running$/),
      "  EKS cluster pilotlight-gone, ACTIVE",
      "  node group begun, ACTIVE",
    ]),
  );
  expect(gone.said.at(-1)).toMatch(/^EKS says that cluster pilotlight-gone is ACTIVE: /);
  expect((await exportState(gone.stack)).text).toBe(before.text);
  expect((await on.stage.leftovers()).left).toEqual(inAccount);
  expect(readdirSync(gone.folder)).toEqual([]);

  // Cut off before anything is deleted: the way back is still open.
  await cutAt(gone, "removing what");
  expect((await exportState(gone.stack)).text).toBe(before.text);
  expect((await on.stage.leftovers()).left).toEqual(inAccount);
  const [backup = ""] = readdirSync(gone.folder);
  expect(backup).toMatch(/^pilotlight-gone-state-.*\.json$/);
  expect(statSync(join(gone.folder, backup)).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(gone.folder, backup), "utf8")).toBe(before.text);
  expect(before.text).not.toContain('"plaintext"');

  // Cut off once more, with the state without its Kubernetes resources and Karpenter still trying.
  await cutAt(gone, "dropped ");
  expect(inCluster((await exportState(gone.stack)).deployment)).toEqual([]);
  expect(karpenter.counts.started).toBe(1);
  await expect
    .poll(() => karpenter?.refusal(), { timeout: 10_000 })
    .toContain("not authorized to perform: ec2:RunInstances");

  expect(await clusterGoneCommand(gone.args)).toBe(true);
  expect(gone.said.filter((line) => line.startsWith("deleting ")).map((line) => line.split(" ")[1])).toEqual(
    expect.arrayContaining(["node", "instance", "load", "network"]),
  );
  expect(gone.said.slice(-2)).toEqual(nothing("gone"));
  await karpenter.stop();
  expect(karpenter.counts.started).toBe(1);
  expect((await on.stage.leftovers()).left).toEqual([]);
});
