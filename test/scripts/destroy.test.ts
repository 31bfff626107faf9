import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adviceFor, aliveMessage, goneQuestion, unreachableMessage } from "../../scripts/destroy-advice";
import { parseDestroyOptions } from "../../scripts/destroy-options";
import { probe } from "../../scripts/destroy-probe";
import {
  accessOf,
  type Deployment,
  inCluster,
  isKubernetes,
  launchRoleOf,
  managedBy,
  type StateResource,
  withoutKubernetes,
} from "../../scripts/destroy-state";

const KUBERNETES_TYPES = ["pulumi:providers:kubernetes", "kubernetes:core/v1:Namespace", "kubernetes:yaml:ConfigFile"];
const OTHER_TYPES = ["aws:ec2/vpc:Vpc", "pilotlight:components:Cluster", "pulumi:providers:aws"];

/** A state in the engine's order: each names only what came before it. */
const states = fc
  .array(
    fc.record({
      type: fc.constantFrom(...KUBERNETES_TYPES, ...OTHER_TYPES),
      parent: fc.option(fc.nat()),
      deletedWith: fc.option(fc.nat()),
      dependencies: fc.array(fc.nat(), { maxLength: 4 }),
    }),
    { maxLength: 30 },
  )
  .map((drawn): StateResource[] => {
    const urnOf = (at: number) => `urn:pulumi:dev::pilotlight::${drawn[at]?.type}::r${at}`;
    return drawn.map(({ type, parent, deletedWith, dependencies }, at) => {
      const before = (number: number | null) => (number === null || at === 0 ? undefined : urnOf(number % at));
      const urns = dependencies.flatMap((one) => before(one) ?? []);
      return {
        urn: urnOf(at),
        type,
        parent: before(parent),
        deletedWith: before(deletedWith),
        dependencies: urns,
        propertyDependencies: { some: urns.slice(1), none: [] },
      };
    });
  });

const namedBy = ({ parent, deletedWith, dependencies = [], propertyDependencies = {} }: StateResource): string[] =>
  [parent, deletedWith, ...dependencies, ...Object.values(propertyDependencies).flatMap((urns) => urns ?? [])].filter(
    (urn) => urn !== undefined,
  );

/** All that has to outlive a resource. */
function outlives(resources: readonly StateResource[], urn: string): Set<string> {
  const found = new Set<string>();
  const visit = (at: string) => {
    for (const next of resources.find((one) => one.urn === at)?.dependencies ?? [])
      if (!found.has(next)) {
        found.add(next);
        visit(next);
      }
  };
  visit(urn);
  return found;
}

describe("a state without Kubernetes", () => {
  test("has nothing of Kubernetes, all else, and names only what came before", () => {
    fc.assert(
      fc.property(states, (resources) => {
        const { resources: left = [] } = withoutKubernetes({ resources });
        expect(left.map(({ urn }) => urn)).toEqual(resources.filter((one) => !isKubernetes(one)).map(({ urn }) => urn));
        const before = new Set<string>();
        for (const one of left) {
          for (const urn of namedBy(one)) expect(before).toContain(urn);
          before.add(one.urn);
        }
      }),
    );
  });

  test("keeps the order of deletion of what it keeps, across what it drops", () => {
    fc.assert(
      fc.property(states, (resources) => {
        const { resources: left = [] } = withoutKubernetes({ resources });
        const kept = new Set(left.map(({ urn }) => urn));
        for (const { urn } of left)
          expect([...outlives(left, urn)].sort()).toEqual(
            [...outlives(resources, urn)].filter((other) => kept.has(other)).sort(),
          );
      }),
    );
  });

  test("keeps what a killed run had begun in AWS, and drops it of Kubernetes; the rest is as it was", () => {
    const vpc = { urn: "urn:v", type: "aws:ec2/vpc:Vpc" };
    const deployment: Deployment = {
      manifest: { time: "then" },
      secrets_providers: { type: "passphrase" },
      pending_operations: [
        { type: "creating", resource: vpc },
        { type: "creating", resource: { urn: "urn:n", type: "kubernetes:core/v1:Namespace" } },
      ],
    };
    expect(withoutKubernetes(deployment)).toEqual({
      ...deployment,
      resources: [],
      pending_operations: [{ type: "creating", resource: vpc }],
    });
  });
});

test("a component of which nothing is left in a cluster needs no cluster", () => {
  const component = { urn: "urn:f", type: "kubernetes:yaml/v2:ConfigFile", custom: false };
  const object = { urn: "urn:n", type: "kubernetes:core/v1:Namespace", custom: true };
  expect(inCluster({ resources: [component, object] })).toEqual([object]);
});

test("what EKS makes beside a cluster is managed by the state that has the cluster", () => {
  const cluster = {
    urn: "urn:c",
    type: "aws:eks/cluster:Cluster",
    id: "pilotlight-dev",
    outputs: { vpcConfig: { clusterSecurityGroupId: "sg-1" } },
  };
  const inside = { urn: "urn:k", type: "kubernetes:core/v1:Service", id: "sg-2" };
  const { ids, cluster: there, nodeGroups } = managedBy({ resources: [cluster, inside] });
  expect([ids.has("sg-1"), ids.has("sg-2"), there, nodeGroups]).toEqual([true, false, true, false]);
});

const SIGNATURE = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
const provider = (inputs: Record<string, unknown>): Deployment => ({
  resources: [{ urn: "urn:p", type: "pulumi:providers:kubernetes", inputs }],
});
const kubeconfigTo = (server: string) =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "c",
    clusters: [{ name: "c", cluster: { server } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "c" } }],
    users: [{ name: "c", user: {} }],
  });

test("the way to the cluster is that of the state's own provider, secret or not", () => {
  expect(accessOf(provider({ kubeconfig: { ...SIGNATURE, plaintext: JSON.stringify("{}") } }))).toEqual({
    kubeconfig: "{}",
  });
  expect(accessOf(provider({ context: "gpus" }))).toEqual({ context: "gpus" });
  expect(accessOf({})).toEqual({});
});

test("a cluster at whose address nobody listens is silent", async () => {
  const answer = await probe(provider({ kubeconfig: kubeconfigTo("https://127.0.0.1:1") }));
  expect(answer).toEqual({ kind: "silent", why: expect.stringContaining("https://127.0.0.1:1") });
});

test("credentials that cannot be had say nothing of the cluster", async () => {
  const kubeconfig = JSON.parse(kubeconfigTo("https://127.0.0.1:1"));
  const exec = { apiVersion: "client.authentication.k8s.io/v1beta1", command: "no-such-command-here", args: [] };
  kubeconfig.users[0].user = { exec };
  const answer = await probe(provider({ kubeconfig: JSON.stringify(kubeconfig) }));
  expect(answer.kind).toBe("denied");
});

const about = (status: string | undefined, publicCidrs: string[] = []) => ({
  short: "dev",
  cluster: "pilotlight-dev",
  region: "eu-west-1",
  status,
  publicCidrs,
});

test.each([
  [undefined, "If it is only out of reach, get the way back and repeat."],
  ["DELETING", "If it is only out of reach, get the way back and repeat."],
  ["ACTIVE", "EKS says that cluster pilotlight-dev is ACTIVE: it is at work, and only out of reach from here."],
  ["UPDATING", "EKS says that cluster pilotlight-dev is UPDATING: "],
])("an unreachable cluster of which EKS says %s is one message that names the way on", (status, what) => {
  const silent = "the cluster at https://x does not answer: getaddrinfo ENOTFOUND x";
  const said = unreachableMessage(silent, about(status));
  expect(said).toContain("the cluster does not answer (https://x: getaddrinfo ENOTFOUND x)");
  expect(said).toContain(`nothing was changed. ${what}`);
  expect(said).toContain("npm run destroy -- --stack dev --cluster-gone");
  expect(said).not.toContain("\n");
});

test("the command that lets a new address in keeps those that are in", () => {
  const update =
    "aws eks update-cluster-config --name pilotlight-dev --region eu-west-1 --resources-vpc-config publicAccessCidrs=";
  const said = aliveMessage(about("ACTIVE", ["192.0.2.1/32", "192.0.2.2/32"]));
  expect(said).toContain(
    `the VPN, or, if this machine's address has changed, ${update}192.0.2.1/32,192.0.2.2/32,ADDRESS/32, and`,
  );
  expect(aliveMessage(about("ACTIVE", ["0.0.0.0/0"]))).not.toContain("address");
});

test("who gives a cluster up that is alive is told so before agreeing", () => {
  expect(goneQuestion(about("ACTIVE"))).toMatch(/^The cluster is ACTIVE, not gone: /);
  expect(goneQuestion(about(undefined))).toBe("Its instances will be terminated and all of it destroyed.");
});

test("Karpenter's role is found by the component that makes it, not by its name", () => {
  const role = (types: string, id: string) => ({
    urn: `urn:pulumi:dev::pilotlight::${types}$aws:iam/role:Role::karpenter`,
    type: "aws:iam/role:Role",
    id,
  });
  const other = role("pilotlight:index:GpuUse$pilotlight:index:PodRole", "other");
  const karpenter = role("pilotlight:index:Aws$pilotlight:index:Karpenter$pilotlight:index:PodRole", "karpenter-1");
  expect(launchRoleOf({ resources: [other, karpenter] })).toBe("karpenter-1");
  expect(launchRoleOf({ resources: [other] })).toBeUndefined();
});

test("whatever failed, the command that is to be repeated is the one that was given", () => {
  const again = "npm run destroy -- --stack dev --cluster-gone";
  for (const error of ["DependencyViolation", "timed out", "something else"])
    expect(adviceFor([error], "dev", again)).toEqual([expect.stringContaining(again)]);
});

test.each([
  [
    "deleting EC2 VPC: DependencyViolation: The vpc has dependencies",
    /^something that .* npm run sweep -- --stack dev/,
  ],
  ["the stack is currently locked by 1 lock(s)", /pulumi cancel --stack dev$/],
  ["timed out waiting for the condition", /npm run why -- --stack dev/],
  ["dial tcp 10.0.0.1:443: connect: connection refused", /^the cluster stopped answering/],
  ["api error AccessDeniedException: no", /^these credentials/],
  ["get stack secrets manager: incorrect passphrase", /^set PULUMI_CONFIG_PASSPHRASE /],
  ["something else", /can be repeated/],
])("after %j one thing is to be done", (error, advice) => {
  const told = adviceFor([error], "dev");
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(advice);
});

test.each([
  [["--stack", "dev"], { command: "destroy", stack: "dev", yes: false }],
  [["--stack", "dev", "--cluster-gone", "--yes"], { command: "cluster-gone", stack: "dev", yes: true }],
  [["--help"], { command: "help" }],
])("the command line %j", (argv, options) => expect(parseDestroyOptions(argv)).toEqual(options));

test("a flag of the sweep is none of destroy", () =>
  expect(() => parseDestroyOptions(["--stack", "dev", "--delete"])).toThrow("there is no --delete"));
