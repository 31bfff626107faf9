import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { STACK_TAG } from "../../guard/tags";
import { alsoCommand, deleteCommand, listCommand, Refusal } from "../../scripts/sweep-command";
import { listStack, NOTHING_MANAGED } from "../../scripts/sweep-list";
import { parseSweepOptions } from "../../scripts/sweep-options";
import { logGroupNames } from "../../scripts/sweep-others";
import { isOfStack, type Tags } from "../../scripts/sweep-tags";
import { FAKE_KINDS, FakeAccount, type FakeResource } from "./sweep-fake";

const STACK = "pilotlight-dev";
const OWNED = `kubernetes.io/cluster/${STACK}`;

/** Each makes a resource the stack's. */
const OURS: readonly Tags[] = [
  { [STACK_TAG]: STACK },
  { [OWNED]: "owned" },
  { "elbv2.k8s.aws/cluster": STACK },
  { "aws:eks:cluster-name": STACK },
  { "eks:cluster-name": STACK },
  { "eks:eks-cluster-name": STACK },
  { "karpenter.k8s.aws/cluster": STACK },
  { "cluster.k8s.amazonaws.com/name": STACK },
];

/** None of these does, and some look much as if. */
const NOT_OURS: readonly Tags[] = [
  {},
  { Name: STACK },
  { [STACK_TAG]: `${STACK}2` },
  { [STACK_TAG]: "pilotlight-de" },
  { [STACK_TAG]: "" },
  { [STACK_TAG]: STACK.toUpperCase() },
  { [STACK_TAG.toUpperCase()]: STACK },
  { [`${STACK_TAG}:x`]: STACK },
  { [STACK]: STACK_TAG },
  { [`${OWNED}2`]: "owned" },
  { "kubernetes.io/cluster/pilotlight-prod": "owned" },
  { "elbv2.k8s.aws/cluster": `${STACK}-2` },
  { "karpenter.sh/nodepool": "l40s-spot" },
];
const SHARED: Tags = { [OWNED]: "shared" };

const merged = (all: readonly Tags[]): Tags => Object.assign({}, ...all);
const others = fc.array(fc.constantFrom(...NOT_OURS), { maxLength: 3 }).map(merged);
const anyTags = fc.dictionary(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), { maxKeys: 3 });
const notOurs = fc.oneof(
  others,
  anyTags,
  // A shared one stays its owner's, whatever else it carries.
  fc.tuple(others, fc.constantFrom(...OURS)).map(([other, own]) => merged([other, own, SHARED])),
);
const ours = fc.tuple(others, fc.constantFrom(...OURS)).map(merged);

interface Drawn extends FakeResource {
  readonly own: boolean;
}

/** Only two names of log groups are looked at. */
const idOf = (kind: FakeResource["kind"], at: number) =>
  kind === "log group" ? (logGroupNames(STACK)[at] ?? `${logGroupNames(STACK)[0]}${at}`) : `${kind} ${at}`;

const account = fc
  .array(
    fc
      .tuple(fc.constantFrom(...FAKE_KINDS), fc.boolean())
      .chain(([kind, own]) => (own ? ours : notOurs).map((tags) => ({ kind, own, tags }))),
    { maxLength: 40 },
  )
  .map((drawn): Drawn[] => {
    const seen = new Map<string, number>();
    return drawn.map((one) => {
      const at = seen.get(one.kind) ?? 0;
      seen.set(one.kind, at + 1);
      return { ...one, id: idOf(one.kind, at) };
    });
  });

const isLookedAt = ({ kind, id }: FakeResource) => kind !== "log group" || logGroupNames(STACK).includes(id);
const idsOf = (all: readonly { readonly id: string }[]) => all.map(({ id }) => id).sort();
const searchOf = (fake: FakeAccount) => ({ clients: fake.clients(), region: "us-east-1", stack: STACK });

describe("over random accounts", () => {
  test("the sweep lists all that is the stack's, and never anything that lacks its tags", async () => {
    await fc.assert(
      fc.asyncProperty(account, async (drawn) => {
        const found = await listStack(searchOf(new FakeAccount(drawn)), NOTHING_MANAGED);
        expect(idsOf(found)).toEqual(idsOf(drawn.filter((one) => one.own && isLookedAt(one))));
      }),
      { numRuns: 200 },
    );
  });

  test("it deletes what it lists, and never anything that lacks the stack's tags", async () => {
    await fc.assert(
      fc.asyncProperty(account, async (drawn) => {
        const fake = new FakeAccount(drawn);
        const args = { search: searchOf(fake), deployment: {}, say: () => {}, patience: { kindMs: 1000, everyMs: 0 } };
        expect(await deleteCommand(args, async () => true)).toEqual([]);
        expect(idsOf(fake.deleted)).toEqual(idsOf(drawn.filter((one) => one.own && isLookedAt(one))));
      }),
      { numRuns: 200 },
    );
  });

  test("a resource with tags that do not name the stack at all is never its own", () => {
    fc.assert(
      fc.property(anyTags, fc.string({ maxLength: 12 }), (tags, stack) => {
        fc.pre(!Object.values(tags).includes(stack) && !Object.keys(tags).includes(`kubernetes.io/cluster/${stack}`));
        expect(isOfStack(tags, stack)).toBe(false);
      }),
    );
  });
});

const VOLUME: FakeResource = { kind: "volume", id: "vol-1", tags: { [STACK_TAG]: STACK } };

function run(
  resources: readonly FakeResource[],
  resource: Record<string, unknown> | undefined,
  held?: Map<string, number>,
) {
  const fake = new FakeAccount(resources, held);
  const said: string[] = [];
  const deployment = { resources: resource === undefined ? [] : [{ urn: "urn", type: "", ...resource }] };
  const args = { search: searchOf(fake), deployment, say: (line: string) => void said.push(line) };
  return { fake, said, args: { ...args, patience: { kindMs: 1000, everyMs: 0 } } };
}

test("what the state has is told apart, and is not deleted", async () => {
  const { fake, said, args } = run([VOLUME, { ...VOLUME, id: "vol-2" }], {
    type: "aws:ebs/volume:Volume",
    id: "vol-1",
  });
  await deleteCommand(args, async () => true);
  expect(idsOf(fake.deleted)).toEqual(["vol-2"]);
  expect(said.slice(0, 4)).toEqual([
    "left over of pilotlight-dev:",
    "  volume vol-2, undefined GiB",
    "managed by the stack, for `npm run destroy`:",
    "  volume vol-1, undefined GiB",
  ]);
});

test.each([
  ["the cluster", "aws:eks/cluster:Cluster"],
  ["something in a cluster", "kubernetes:core/v1:Namespace"],
])("nothing is deleted while the state has %s", async (_, type) => {
  const { fake, args } = run([VOLUME], { type });
  const refused = deleteCommand(args, async () => true);
  await expect(refused).rejects.toBeInstanceOf(Refusal);
  await expect(refused).rejects.toThrow(/Run npm run destroy first/);
  expect(fake.deleted).toEqual([]);
});

test("nothing is deleted that a person has not agreed to", async () => {
  const { fake, args } = run([VOLUME], undefined);
  await expect(deleteCommand(args, async () => false)).rejects.toThrow("nothing was deleted");
  expect(fake.deleted).toEqual([]);
});

const GROUP: FakeResource = { kind: "security group", id: "sg-1", tags: { [STACK_TAG]: STACK } };

test("what is still in use is tried again until AWS lets it go", async () => {
  const { fake, args } = run([VOLUME, GROUP], undefined, new Map([["sg-1", 3]]));
  expect(await deleteCommand(args, async () => true)).toEqual([]);
  expect(fake.deleted.map(({ id }) => id)).toEqual(["sg-1", "vol-1"]);
});

test("what AWS never lets go is told with its reason", async () => {
  const { args } = run([GROUP], undefined, new Map([["sg-1", Number.POSITIVE_INFINITY]]));
  await expect(deleteCommand({ ...args, patience: { kindMs: 20, everyMs: 5 } }, async () => true)).rejects.toThrow(
    /^the account still holds, after .* minutes:\n {2}security group sg-1: sg-1 has a dependent object$/,
  );
});

test("an empty account is said to be empty", async () => {
  const { said, args } = run([{ ...VOLUME, tags: {} }], undefined);
  expect(await listCommand(args)).toEqual([]);
  expect(said).toEqual([
    "the account holds nothing of this stack (pilotlight-dev) that controllers leave: " +
      "instances, load balancers, network interfaces, security groups, volumes, logs",
  ]);
});

describe("what else carries the stack's tag", () => {
  const arn = (service: string, rest: string) => `arn:aws:${service}:us-east-1:123456789012:${rest}`;
  const OWN: Tags = { [STACK_TAG]: STACK };
  const NAT = arn("ec2", "natgateway/nat-1");
  const KEY = arn("kms", "key/k-1");
  const DATABASE = arn("rds", "db:pilotlight-dev-1");
  const also = async (index: FakeAccount["index"], resource?: Record<string, unknown>) => {
    const { fake, said, args } = run([], resource);
    fake.index = index;
    return { there: await alsoCommand(args), said };
  };
  const line = (one: string) => `  also tagged: ${one}, not deleted by sweep: aws console, or pulumi`;
  const LAGS = "AWS's index of tags may name what was deleted for hours, and a key until the end of its waiting period";

  test("after a lost state the network and the database are named", async () => {
    const { there, said } = await also({ [NAT]: OWN, [DATABASE]: OWN, [KEY]: OWN });
    expect(said).toEqual([line(NAT), line(KEY), line(DATABASE), LAGS]);
    expect(there).toBe(true);
  });

  test("not what another stack has, and not what the sweep has looked at itself", async () => {
    const looked = [
      arn("ec2", "instance/i-1"),
      arn("ec2", "fleet/fleet-1"),
      arn("elasticloadbalancing", "listener/net/a/b/c"),
      arn("eks", `cluster/${STACK}`),
      arn("logs", `log-group:${logGroupNames(STACK)[0]}`),
    ];
    const index = Object.fromEntries(looked.map((one) => [one, OWN]));
    const { there, said } = await also({ ...index, [NAT]: { [STACK_TAG]: `${STACK}2` }, [DATABASE]: {} });
    expect(said).toEqual(["nothing else in us-east-1 carries the tag of pilotlight-dev"]);
    expect(there).toBe(false);
  });

  test.each([
    ["id", { id: "nat-1" }],
    ["ARN", { id: "x", outputs: { arn: NAT } }],
  ])("not what the state has by %s", async (_, resource) => {
    expect(await also({ [NAT]: OWN }, resource)).toEqual({
      there: false,
      said: ["nothing else in us-east-1 carries the tag of pilotlight-dev"],
    });
  });

  test("a key alone, which goes after its waiting period, is told and is nothing that is left", async () => {
    expect(await also({ [KEY]: OWN })).toEqual({ there: false, said: [line(KEY), LAGS] });
  });

  test("without the permission it is said that it was not looked for", async () => {
    const { there, said } = await also(undefined);
    expect(said).toEqual([expect.stringMatching(/NAT gateways.* was not looked for: .* permission tag:GetResources$/)]);
    expect(there).toBe(false);
  });
});

test("a log group of the stack's name without a tag is told of and left alone", async () => {
  const [name = ""] = logGroupNames(STACK);
  const { fake, said, args } = run([{ kind: "log group", id: name, tags: {} }], undefined);
  expect(await deleteCommand(args, async () => true)).toEqual([]);
  expect(fake.deleted).toEqual([]);
  expect(said.at(-1)).toContain(`aws logs delete-log-group --log-group-name ${name}`);
});

const failing = (message: string, more: { readonly name?: string; readonly code?: string }) =>
  Object.assign(new Error(message), more);

test.each([
  [
    failing("not authorized", { name: "UnauthorizedOperation" }),
    /^these credentials lack the permission ec2:Describe\w+; .* AWS says: not authorized$/,
  ],
  [
    failing("connect ECONNREFUSED 127.0.0.1:9", { code: "ECONNREFUSED" }),
    /^AWS does not answer ec2:Describe\w+ \(connect ECONNREFUSED 127\.0\.0\.1:9\); look at the network/,
  ],
  [
    failing("Could not load credentials from any providers", { name: "CredentialsProviderError" }),
    /^there are no AWS credentials for ec2:Describe\w+ \(Could not load .*\); log in, or set aws:profile/,
  ],
])("%s: what was asked and what is to be done are named", async (error, told) => {
  const { args } = run([], undefined);
  Object.assign(args.search.clients.ec2, { send: () => Promise.reject(error) });
  await expect(listCommand(args)).rejects.toThrow(told);
});

describe("the command line", () => {
  test.each([
    [["--stack", "dev"], { command: "list", stack: "dev", yes: false }],
    [["-s", "dev", "--delete", "--yes"], { command: "delete", stack: "dev", yes: true }],
    [["--help", "--nonsense"], { command: "help" }],
  ])("%j", (argv, options) => expect(parseSweepOptions(argv)).toEqual(options));

  test.each([
    [[], "--stack is missing; name the stack, for example --stack dev"],
    [["--stack"], "--stack needs a value"],
    [["--stack", "dev", "--stack", "prod"], "--stack is given twice; give it once"],
    [["--stack", "dev", "--yes"], "--yes belongs to --delete; without it nothing is deleted"],
    [["--stack", "dev", "--delet"], 'there is no --delet; did you mean "--delete"?'],
    [["--stack", "dev", "all"], '"all" belongs to no flag'],
    [["--stack", "dev", "--delete=no"], '--delete takes no value, and has "no"'],
  ])("%j is refused", (argv, fault) => expect(() => parseSweepOptions(argv)).toThrow(fault));
});
