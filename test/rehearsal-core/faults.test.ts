import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { describe, expect, test } from "vitest";
import { Account } from "../../rehearsal/doubles/aws/account";
import { HalfMade, halfMadeStatus } from "../../rehearsal/doubles/half-made";
import { isAt, Moments } from "../../rehearsal/doubles/moments";
import { hear, launches } from "../../rehearsal/faults/calls";
import { faultsDocument } from "../../rehearsal/faults/document";
import { killEngine } from "../../rehearsal/faults/engine";
import { parseFault } from "../../rehearsal/faults/parse";
import { shortened } from "../../rehearsal/faults/said";
import { alike, once } from "../../rehearsal/faults/steps";
import { FAULTS, firstOfEach, rowOf } from "../../rehearsal/faults/table";
import { isMeant, ruleOf, SYSTEM_TYPES } from "../../rehearsal/faults/values";
import type { World } from "../../rehearsal/faults/world";
import { parseOptions, UsageError } from "../../rehearsal/options";

const known = ["dev", "rehearsal"];

describe("--fault", () => {
  test("plays the row of the table, and no stack beside it", () => {
    const { stacks, faults } = parseOptions(["--fault", "capacity=p5", "--fault", "api-down"], known);
    expect(stacks).toEqual([]);
    expect(faults).toEqual([rowOf("capacity=p5"), rowOf("api-down")]);
    expect(faults?.[0]?.up.says).toBeInstanceOf(RegExp);
  });

  test("plays a fault that is in no row, with what is done after its kind", () => {
    const [row] = parseOptions(["--fault", "kill-at=Vpc:network"], known).faults ?? [];
    expect(row).toMatchObject({ group: "engine", up: { any: true, fixes: ["cancel", "clear"] } });
  });

  test.each([
    [
      "capicity=p5",
      "there is no fault capicity; --fault can be: capacity, quota, throttle, iam-delay, api-down, kill-at, kill-after, kill-program-at, scaled-up, controller-gone, leak",
    ],
    ["capacity", "--fault capacity: capacity needs a value, for example capacity=p5 or capacity=p5.4xlarge@us-east-1a"],
    [
      "capacity=zzz",
      "--fault capacity=zzz: capacity knows no zzz; can be: g5, g6, gr6, g6e, p4d, p4de, p5, p5en, p5e, g7e, p6-b200, m7i, m6i, m5",
    ],
    [
      "capacity=p5.4xlrge@us-east-1a",
      expect.stringMatching(/: capacity knows no p5\.4xlrge; did you mean "p5\.4xlarge"\?; can be: g5, /),
    ],
    ["capacity=g6e.3xlarge", expect.stringMatching(/knows no g6e\.3xlarge; did you mean "g6e\./)],
    ["capacity=x*", expect.stringMatching(/knows no x\*; can be/)],
    [
      "capacity=p5@",
      "--fault capacity=p5@: capacity needs a type or family, and a zone after @: for example capacity=p5 or capacity=p5.4xlarge@us-east-1a",
    ],
    ["quota", "--fault quota: quota needs a value, for example quota=p5 or quota=vpc"],
    [
      "quota=zz",
      "--fault quota=zz: quota knows no zz; can be: vpc, eip, cluster, g5, g6, gr6, g6e, p4d, p4de, p5, p5en, p5e, g7e, p6-b200",
    ],
    ["quota=vpcs", expect.stringMatching(/quota knows no vpcs; did you mean "vpc"\?; can be/)],
    ["quota=m7i", expect.stringMatching(/quota knows no m7i; can be/)],
    ["quota=toString", expect.stringMatching(/quota knows no toString/)],
    ["quota=p5@us-east-1a", "--fault quota=p5@us-east-1a: quota is of a region: leave the zone out"],
    ["throttle=ec2:0", "--fault throttle=ec2:0: throttle needs a service, for example throttle=ec2 or throttle=ec2:10"],
    ["iam-delay=0s", "--fault iam-delay=0s: iam-delay needs a time, for example iam-delay=30s or iam-delay=5m"],
    ["throttle=EC2", "--fault throttle=EC2: throttle needs a service, for example throttle=ec2 or throttle=ec2:10"],
    ["iam-delay=soon", "--fault iam-delay=soon: iam-delay needs a time, for example iam-delay=30s or iam-delay=5m"],
    ["kill-at=", "--fault kill-at=: kill-at needs a value, for example kill-at=Cluster:cluster"],
    ["leak=volume", "--fault leak=volume: leak can be: eni, alb, instance"],
    ["scaled-up=3", "--fault scaled-up=3: scaled-up takes no value"],
    ["toString=1", expect.stringMatching(/^there is no fault toString;/)],
  ])("%s is refused with what is right", (written, message) => {
    expect(parseFault(written)).toEqual(message);
    expect(() => parseOptions(["--fault", written], known)).toThrow(UsageError);
  });

  test.each([
    [
      ["--fault", "api-down", "--live"],
      "--fault and --faults have a stack of their own: leave --live, --all and --stack out",
    ],
    [
      ["--faults", "--stack", "dev"],
      "--fault and --faults have a stack of their own: leave --live, --all and --stack out",
    ],
    [["--table", "f.md"], "--table is for all faults: add --faults"],
  ])("%j is refused", (argv, message) => {
    expect(() => parseOptions(argv, known)).toThrow(new UsageError(message));
  });
});

test.each(["capacity=g6e", "capacity=p5.4xlarge@us-east-1*", "capacity=m*", "quota=g6e.xlarge", "quota=p*"])(
  "%s is a fault",
  (written) => expect(parseFault(written)).toHaveProperty("kind"),
);

test("the types of system nodes are those of the program", () => {
  const source = readFileSync(join(__dirname, "..", "..", "components", "system-nodes.ts"), "utf8");
  const types = /INSTANCE_TYPES = (\[.*\]);/.exec(source)?.[1] ?? "";
  expect(JSON.parse(types)).toEqual(SYSTEM_TYPES);
});

describe("whether a fault met anything", () => {
  test.each([
    ["p5", "p5.4xlarge", "us-east-1a", true],
    ["p5.4xlarge@us-east-1a", "p5.4xlarge", "us-east-1a", true],
    ["p5@us-east-1b", "p5.4xlarge", "us-east-1a", false],
    ["p5", "p5en.48xlarge", "us-east-1a", false],
    ["p5e", "p5.4xlarge", "us-east-1a", false],
    ["m*@us-east-1*", "m7i.large", "us-east-1b", true],
  ])("%s and a launch of %s in %s: %s", (value, type, zone, meant) => {
    expect(isMeant(ruleOf(value), { type, zone })).toBe(meant);
  });

  const subnets = { a: "us-east-1a", b: "us-east-1b" };
  const account = () => {
    const made = new Account("http://127.0.0.1:9");
    made.call = async () => ({
      Subnets: Object.entries(subnets).map(([SubnetId, AvailabilityZone]) => ({ SubnetId, AvailabilityZone })),
    });
    return made;
  };

  test("calls are heard until the end, and answered as ever", async () => {
    const asked = account();
    const { calls, end } = hear(asked);
    const [first, second, third] = ["CreateVpc", "CreateEip", "CreateRole"].map((operation) => ({
      service: "ec2",
      operation,
      params: {},
    }));
    if (!first || !second || !third) throw new Error("there are three");
    expect(await asked.call(first, { region: "us-east-1" })).toHaveProperty("Subnets");
    await asked.calls([second], { region: "us-east-1" });
    end();
    await asked.call(third, { region: "us-east-1" });
    expect(calls).toEqual([first, second]);
  });

  test("a group tries its first type, in its subnets in turn", async () => {
    const world = { stage: { aws: { account: account() } }, region: "us-east-1" } as unknown as World;
    const group = (instanceTypes: string[], desiredSize: number) => ({
      service: "eks",
      operation: "CreateNodegroup",
      params: { instanceTypes, subnets: ["b", "a"], scalingConfig: { desiredSize } },
    });
    const other = { service: "ec2", operation: "CreateVpc", params: {} };
    expect(await launches(world, [group(["m7i.large", "m5.large"], 3), other, group(["p5.4xlarge"], 1)])).toEqual([
      { type: "m7i.large", zone: "us-east-1b" },
      { type: "m7i.large", zone: "us-east-1a" },
      { type: "m7i.large", zone: "us-east-1b" },
      { type: "p5.4xlarge", zone: "us-east-1b" },
    ]);
    expect(await launches(world, [other, group(["p5.4xlarge"], 0)])).toEqual([]);
  });

  test("a step that never came is told with those that are named alike, with and without a type", async () => {
    const moments = new Moments();
    const steps = [
      { op: "create", type: "aws:iam/role:Role", name: "cluster" },
      { op: "create", type: "aws:ec2/vpc:Vpc", name: "network" },
      { op: "create", type: "aws:eks/cluster:Cluster", name: "cluster" },
      { op: "create", type: "kubernetes:networking.k8s.io/v1:Ingress", name: "endpoint" },
    ] as const;
    const waited = ["Cluster:clustre", "netwrok", "Ingress:endpoint"].map((at) =>
      once({ stage: { moments } } as unknown as World, at, "begin", () => {}),
    );
    for (const step of steps) await moments.during(step, async () => {});
    const end = "came; a resource is named as in the program, the nearest are";
    expect(waited.map(({ unmet }) => unmet())).toEqual([
      expect.stringMatching(`^no step of Cluster:clustre ${end} Cluster:cluster, [^,]+, [^,]+$`),
      expect.stringMatching(`^no step of netwrok ${end} Vpc:network, `),
      undefined,
    ]);
    expect(alike("x", [])).toBe("");
  });
});

test("a message that is too long ends after a word, with a mark", () => {
  const word = "capacity ";
  const [whole, cut] = [53, 54].map((count) => shortened([word.repeat(count)]));
  expect(whole).toBe(word.repeat(53).trim());
  expect(cut).toBe(`${word.repeat(53)}…`);
});

describe("the table of faults", () => {
  test("has at least 20 that can be named on the command line, over all groups", () => {
    for (const { fault } of FAULTS) expect(parseFault(fault)).toHaveProperty("kind");
    expect(new Set(FAULTS.map(({ fault }) => fault)).size).toBe(FAULTS.length);
    expect(FAULTS.length).toBeGreaterThanOrEqual(20);
    expect([...new Set(FAULTS.map(({ group }) => group))]).toEqual([
      "capacity",
      "quota",
      "throttling",
      "IAM delay",
      "API server",
      "engine",
      "program",
      "leftovers",
    ]);
  });

  test("the first of each have every group and every fix, and no row that shows nothing new", () => {
    const first = firstOfEach(FAULTS);
    const shown = (rows: typeof FAULTS) =>
      new Set(rows.flatMap(({ group, up, destroy }) => [group, ...(up.fixes ?? []), ...(destroy.fixes ?? [])]));
    expect(shown(first)).toEqual(shown(FAULTS));
    for (const [index, row] of first.entries())
      expect(shown(first.slice(0, index + 1)).size, row.fault).toBeGreaterThan(shown(first.slice(0, index)).size);
  });

  /** Rows of the page: fault, cell of up, cell of destroy. */
  const page = readFileSync(join(__dirname, "..", "..", "docs", "faults.md"), "utf8");
  const rows = [...page.matchAll(/^\| `([^`]+)` \| (.*) \| (.*) \|$/gm)].map(([, ...cells]) => cells);

  test("is the one of docs/faults.md, whose messages are those that are asked for", () => {
    expect(rows.map(([fault]) => fault)).toEqual(FAULTS.map(({ fault }) => fault));
    for (const [index, row] of FAULTS.entries())
      for (const [cell, text = ""] of [[row.up, rows[index]?.[1]] as const, [row.destroy, rows[index]?.[2]] as const]) {
        if (cell.says === undefined) expect(text, row.fault).toMatch(/^succeeds\./);
        else expect(text.replaceAll("'", "`"), row.fault).toMatch(cell.says);
      }
  });

  test("a row that was not played is told as such", () => {
    const seen = [{ fault: "quota=vpc", phase: "up", said: "VpcLimitExceeded | `x`", fixes: [], seconds: 1 } as const];
    const line = faultsDocument(seen)
      .split("\n")
      .find((one) => one.startsWith("| `quota=vpc`"));
    expect(line).toBe("| `quota=vpc` | `VpcLimitExceeded \\| 'x'` | not played |");
  });
});

describe("moments", () => {
  const moment = { op: "create", type: "aws:eks/cluster:Cluster", name: "cluster" } as const;

  test("are known by name, or by type and name", () => {
    expect(["cluster", "Cluster:cluster", "Role:cluster", "Cluster:other"].map((at) => isAt(moment, at))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test("what a watcher throws at the beginning is the answer, and nothing is done", async () => {
    const moments = new Moments();
    const done: string[] = [];
    const work = async () => done.push("work");
    const end = moments.watch({
      begin: () => {
        throw new Error("killed");
      },
    });
    await expect(moments.during(moment, work)).rejects.toThrow("killed");
    expect(done).toEqual([]);
    end();
    moments.watch({ end: ({ name }) => void done.push(`after ${name}`) });
    await moments.during(moment, work);
    expect(done).toEqual(["work", "after cluster"]);
  });
});

test("what is half made is told to the engine with its id and outputs", () => {
  const error = new HalfMade("c1:steady", { status: "CREATE_FAILED" }, "no capacity");
  const { code, metadata } = halfMadeStatus(error, Struct.fromJavaScript({ status: "CREATE_FAILED" }));
  expect(code).toBe(grpc.status.UNKNOWN);
  const [bytes] = metadata?.get("grpc-status-details-bin") ?? [];
  const [packed] = Status.deserializeBinary(bytes as Buffer).getDetailsList();
  const detail = packed?.unpack(ErrorResourceInitFailed.deserializeBinary, "pulumirpc.ErrorResourceInitFailed");
  expect(detail?.getId()).toBe("c1:steady");
  expect(detail?.getProperties()?.toJavaScript()).toEqual({ status: "CREATE_FAILED" });
  expect(detail?.getReasonsList()).toEqual(["no capacity"]);
});

test("only processes of this run's engines are killed", async () => {
  const started = (home: string) => {
    const child = spawn("sleep", ["60"], { env: { ...process.env, PULUMI_HOME: home } });
    return { child, ended: new Promise((done) => child.once("exit", (_, signal) => done(signal))) };
  };
  const [ours, theirs] = [started("/run/ours/home"), started("/run/ours/home-of-another")];
  try {
    // A child's environment is its own only once it has become its program.
    while (killEngine("/run/ours/home") === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await ours.ended).toBe("SIGKILL");
    expect(theirs.child.exitCode).toBeNull();
    expect(theirs.child.signalCode).toBeNull();
  } finally {
    theirs.child.kill("SIGKILL");
  }
});
