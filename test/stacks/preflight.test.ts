import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type OwnStack, stackSchema } from "../../stacks/config";
import { judge, warningsOf } from "../../stacks/preflight";
import type { EksVersion, Facts } from "../../stacks/preflight-facts";

/*
 * What preflight says of what AWS told, word for word, with the command that mends it.
 */

const ON_DEMAND_G = "L-DB2E81BA";
const SPOT_G = "L-3819A6DF";
const ON_DEMAND_P = "L-417A185B";
const WHERE = { region: "us-east-1", now: new Date("2026-06-01T00:00:00Z") };

type Settings = Record<string, unknown>;

const stack = (gpuPools: Settings, more: Settings = {}) =>
  stackSchema.parse({ cluster: { zones: ["us-east-1a", "us-east-1b"] }, gpuPools, models: {}, ...more }) as OwnStack;

const NOTHING_KNOWN: Facts = { zones: ["us-east-1a", "us-east-1b"], quotas: {}, reservations: {} };

/** What is said of these settings and facts, each fault and warning as one line. */
function said(config: OwnStack, facts: Partial<Facts>) {
  const { faults, warnings } = judge(config, { ...NOTHING_KNOWN, ...facts }, WHERE);
  const lines = (found: typeof faults) => found.map(({ path, message }) => `${path}: ${message}`);
  return { faults: lines(faults), warnings: lines(warnings) };
}

const NOTHING = { faults: [], warnings: [] };

test("of what is not known, nothing is said", () => {
  const pools = {
    l40s: { gpu: "l40s", capacity: ["reserved", "spot"], reservationIds: ["cr-0123456789abcdef0"], maxGpus: 4 },
  };
  expect(said(stack(pools, { endpoint: { domain: "llm.example.com", zone: "example.com" } }), {})).toEqual(NOTHING);
});

describe("quotas", () => {
  test("of which no node can start are refused, with the request for all that the pools allow", () => {
    const config = stack({ l40s: { gpu: "l40s", maxGpus: 4 }, a10g: { gpu: "a10g", maxGpus: 2 } });
    const rest =
      'needs 4 vCPUs on demand, and the account\'s limit in us-east-1 is 0 (quota "Running On-Demand G and VT instances"); ' +
      "ask for more: aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-DB2E81BA --desired-value 24 --region us-east-1";
    expect(said(config, { quotas: { [ON_DEMAND_G]: 0 } })).toEqual({
      faults: [
        `gpuPools.l40s: none of its nodes can ever start: a node of the smallest type, g6e.xlarge, ${rest}`,
        `gpuPools.a10g: none of its nodes can ever start: a node of the smallest type, g5.xlarge, ${rest}`,
      ],
      warnings: [],
    });
  });

  test("of one kind of capacity are warned of where another is left", () => {
    const config = stack({ l40s: { gpu: "l40s", capacity: ["spot", "on-demand"], maxGpus: 2 } });
    expect(said(config, { quotas: { [SPOT_G]: 3, [ON_DEMAND_G]: 64 } })).toEqual({
      faults: [],
      warnings: [
        "gpuPools.l40s.capacity: spot can start no node, and on-demand is left: a node of the smallest type, g6e.xlarge, " +
          'needs 4 vCPUs on spot, and the account\'s limit in us-east-1 is 3 (quota "All G and VT Spot Instance Requests"); ' +
          "ask for more: aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-3819A6DF --desired-value 8 --region us-east-1",
      ],
    });
    expect(said(config, { quotas: { [SPOT_G]: 0, [ON_DEMAND_G]: 0 } }).faults).toHaveLength(2);
  });

  test("below what all pools together allow are warned of", () => {
    const config = stack({ l40s: { gpu: "l40s", maxGpus: 4 }, a10g: { gpu: "a10g", maxGpus: 2 } });
    expect(said(config, { quotas: { [ON_DEMAND_G]: 16 } })).toEqual({
      faults: [],
      warnings: [
        "gpuPools.l40s, gpuPools.a10g: not all nodes that the pools allow can run at once: at most they need 24 vCPUs on demand, " +
          'and the account\'s limit in us-east-1 is 16 (quota "Running On-Demand G and VT instances"); ' +
          "ask for more: aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-DB2E81BA --desired-value 24 --region us-east-1",
      ],
    });
    expect(said(config, { quotas: { [ON_DEMAND_G]: 24 } })).toEqual(NOTHING);
  });

  test("below what always runs are refused", () => {
    const config = stack({ h100: { gpu: "h100", capacity: [], steadyNodes: 3, maxGpus: 0 } });
    expect(said(config, { quotas: { [ON_DEMAND_P]: 32 } })).toEqual({
      faults: [
        "gpuPools.h100.steadyNodes: 3 nodes that always run need 48 vCPUs on demand, all steady nodes together 48, and " +
          'the account\'s limit in us-east-1 is 32 (quota "Running On-Demand P instances"); ' +
          "ask for more: aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-417A185B --desired-value 48 --region us-east-1",
      ],
      warnings: [],
    });
  });

  test("are not needed by nodes in reservations and capacity blocks", () => {
    const id = "cr-0123456789abcdef0";
    const block = {
      gpu: "h100",
      gpusPerNode: 8,
      capacity: [],
      steadyNodes: 1,
      maxGpus: 0,
      capacityBlock: { id, zone: "us-east-1a" },
    };
    const reserved = { gpu: "h100", capacity: ["reserved"], reservationIds: [id], maxGpus: 8 };
    expect(said(stack({ block, reserved }), { quotas: { [ON_DEMAND_P]: 0 } })).toEqual(NOTHING);
  });

  test("that are larger never add a fault", () => {
    const pool = fc.record({
      gpu: fc.constantFrom("l40s", "a10g", "h100"),
      capacity: fc.constantFrom(["spot"], ["on-demand"], ["spot", "on-demand"], ["on-demand", "spot"]),
      steadyNodes: fc.nat(4),
      maxGpus: fc.nat(20),
    });
    const limit = fc.nat(200);
    const codes = [ON_DEMAND_G, SPOT_G, ON_DEMAND_P, "L-C4BD4855"];
    const poolOf = (line: string) => /^gpuPools\.\w+/.exec(line)?.[0];
    fc.assert(
      fc.property(
        fc.array(pool, { minLength: 1, maxLength: 3 }),
        fc.array(limit, { minLength: 4, maxLength: 4 }),
        fc.array(limit, { minLength: 4, maxLength: 4 }),
        (pools, limits, more) => {
          const config = stack(Object.fromEntries(pools.map((one, index) => [`pool${index}`, one])));
          const of = (by: (index: number) => number) =>
            said(config, { quotas: Object.fromEntries(codes.map((code, index) => [code, by(index)])) }).faults.map(
              poolOf,
            );
          const before = of((index) => limits[index] ?? 0);
          const after = of((index) => (limits[index] ?? 0) + (more[index] ?? 0));
          expect(before).toEqual(expect.arrayContaining(after));
          expect(after.length).toBeLessThanOrEqual(before.length);
        },
      ),
    );
  });
});

describe("instance types", () => {
  const config = stack({ rtx: { gpu: "rtx-pro-6000", gpusPerNode: 2, maxGpus: 2 } });

  test("that no zone of the stack offers are refused, with a zone that does", () => {
    expect(said(config, { offered: { "g7e.12xlarge": ["us-east-1c", "us-east-1d"] } })).toEqual({
      faults: [
        "gpuPools.rtx: g7e.12xlarge is not offered in us-east-1a, us-east-1b, but in us-east-1c, us-east-1d; " +
          "use one of these: pulumi config set --path 'pilotlight:cluster.zones[2]' us-east-1c",
      ],
      warnings: [],
    });
  });

  test("that the region does not offer are refused", () => {
    expect(said(config, { offered: {} }).faults).toEqual([
      "gpuPools.rtx: g7e.12xlarge is offered nowhere in us-east-1; choose another GPU or region, for example after " +
        "aws ec2 describe-instance-type-offerings --location-type availability-zone --filters Name=instance-type,Values=g7e.12xlarge --region REGION",
    ]);
  });

  test("that some zones offer are warned of", () => {
    expect(said(config, { offered: { "g7e.12xlarge": ["us-east-1a", "us-east-1c"] } })).toEqual({
      faults: [],
      warnings: [
        "gpuPools.rtx: g7e.12xlarge is not offered in us-east-1b: nodes start in us-east-1a alone; " +
          "us-east-1c would add to that: pulumi config set --path 'pilotlight:cluster.zones[2]' us-east-1c",
      ],
    });
    expect(said(config, { offered: { "g7e.12xlarge": ["us-east-1a", "us-east-1b"] } })).toEqual(NOTHING);
  });

  test("in a network that is not the kit's take a subnet, not a zone", () => {
    const adopt = { vpcId: "vpc-0a1b2c3d", subnetIds: ["subnet-0a1b2c3d", "subnet-0a1b2c3e"] };
    const adopted = stack({ rtx: { gpu: "rtx-pro-6000", gpusPerNode: 2, maxGpus: 2 } }, { network: { adopt } });
    expect(said(adopted, { offered: { "g7e.12xlarge": ["us-east-1c"] } }).faults).toEqual([
      "gpuPools.rtx: g7e.12xlarge is not offered in us-east-1a, us-east-1b, but in us-east-1c; use one of these: " +
        "add a subnet in us-east-1c to network.adopt.subnetIds",
    ]);
  });
});

describe("reservations", () => {
  const id = "cr-0123456789abcdef0";
  const reserved = (capacity: string[]) =>
    stack({ h100: { gpu: "h100", capacity, reservationIds: [id], maxGpus: 2, instanceTypes: ["p5.4xlarge"] } });
  const block = stack({
    h100: {
      gpu: "h100",
      gpusPerNode: 8,
      capacity: [],
      steadyNodes: 1,
      maxGpus: 0,
      capacityBlock: { id, zone: "us-east-1a" },
    },
  });
  const active = { state: "active", zone: "us-east-1a", instanceType: "p5.4xlarge" };

  test("that fit are not spoken of", () => {
    expect(said(reserved(["reserved"]), { reservations: { [id]: active } })).toEqual(NOTHING);
  });

  test("that cannot be found are warned of: they may be another account's", () => {
    expect(said(reserved(["reserved"]), { reservations: { [id]: "missing" } })).toEqual({
      faults: [],
      warnings: [
        `gpuPools.h100.reservationIds[0]: ${id} could not be found in this account, in us-east-1; nodes start in it only if ` +
          "another account shares it with this one, which this shows: " +
          `aws ec2 describe-capacity-reservations --capacity-reservation-ids ${id} --region us-east-1`,
      ],
    });
  });

  test("that are capacity blocks and do not exist are refused", () => {
    expect(said(block, { reservations: { [id]: "missing" } })).toEqual({
      faults: [
        `gpuPools.h100.capacityBlock: ${id}: there is no such capacity block in us-east-1; these there are: ` +
          "aws ec2 describe-capacity-reservations --filters Name=state,Values=active --region us-east-1",
      ],
      warnings: [],
    });
  });

  test("in another zone than the subnets, or than the settings say, are refused", () => {
    expect(said(reserved(["reserved"]), { reservations: { [id]: { ...active, zone: "us-east-1d" } } }).faults).toEqual([
      `gpuPools.h100.reservationIds[0]: ${id} is in us-east-1d, and the stack's subnets are in us-east-1a, us-east-1b; ` +
        "pulumi config set --path 'pilotlight:cluster.zones[2]' us-east-1d",
    ]);
    const elsewhere = { ...active, instanceType: "p5.48xlarge", zone: "us-east-1b" };
    expect(said(block, { reservations: { [id]: elsewhere } }).faults).toEqual([
      `gpuPools.h100.capacityBlock: ${id} is in us-east-1b, not in us-east-1a; correct it: ` +
        "pulumi config set --path 'pilotlight:gpuPools.h100.capacityBlock.zone' us-east-1b",
    ]);
  });

  test("of another type are refused, and allowed where the pool could take it", () => {
    const told = (instanceType: string) =>
      said(reserved(["reserved"]), { reservations: { [id]: { ...active, instanceType } } }).faults;
    expect(told("p5.48xlarge")).toEqual([
      `gpuPools.h100.reservationIds[0]: ${id} is of p5.48xlarge, and the pool's nodes are p5.4xlarge; ` +
        "name a reservation of a type with 1 × h100, or put this one into a pool of its own",
    ]);
    const l40s = stack({
      l40s: {
        gpu: "l40s",
        capacity: ["reserved"],
        reservationIds: [id],
        maxGpus: 2,
        instanceTypes: ["g6e.xlarge"],
      },
    });
    expect(said(l40s, { reservations: { [id]: { ...active, instanceType: "g6e.2xlarge" } } }).faults).toEqual([
      `gpuPools.l40s.reservationIds[0]: ${id} is of g6e.2xlarge, and the pool's nodes are g6e.xlarge; ` +
        "allow it: pulumi config set --path 'pilotlight:gpuPools.l40s.instanceTypes[0]' g6e.2xlarge",
    ]);
  });

  test("that are not active are refused where nothing else is left", () => {
    const expired = { reservations: { [id]: { ...active, state: "expired" } } };
    const message =
      `gpuPools.h100.reservationIds[0]: ${id} is expired, and nodes start in one that is active alone; its dates: ` +
      `aws ec2 describe-capacity-reservations --capacity-reservation-ids ${id} --region us-east-1`;
    expect(said(reserved(["reserved"]), expired)).toEqual({ faults: [message], warnings: [] });
    expect(said(reserved(["reserved", "on-demand"]), expired)).toEqual({
      faults: [],
      warnings: [`${message} (until then: on-demand)`],
    });
  });

  test("that end within a week are warned of", () => {
    const until = (endDate: string) => said(reserved(["reserved"]), { reservations: { [id]: { ...active, endDate } } });
    expect(until("2026-06-05T11:30:00Z")).toEqual({
      faults: [],
      warnings: [
        `gpuPools.h100.reservationIds[0]: ${id} ends at 2026-06-05T11:30:00Z, and nodes in it with it; ` +
          "reserve its successor in time, or take it out of the pool by then",
      ],
    });
    expect(until("2026-06-09T11:30:00Z")).toEqual(NOTHING);
  });
});

describe("the version of Kubernetes", () => {
  const row = (version: string, status: EksVersion["status"]): EksVersion => ({
    version,
    status,
    standardUntil: "2026-05-01",
    extendedUntil: "2027-05-01",
  });
  const config = stack({}, { cluster: { zones: ["us-east-1a", "us-east-1b"], kubernetes: "1.34" } });

  const set = (version: string) => `pulumi config set --path pilotlight:cluster.kubernetes ${version}`;
  const others = [row("1.9", "STANDARD_SUPPORT"), row("1.35", "STANDARD_SUPPORT")];
  const WITHOUT = [others, [...others, row("1.34", "UNSUPPORTED")]];

  test.each(WITHOUT)(
    "that EKS does not have, or no more, is refused for a new cluster, with the newest",
    (...versions) => {
      expect(said(config, { versions, cluster: "missing" })).toEqual({
        faults: [`cluster.kubernetes: EKS does not support 1.34; it supports 1.35, 1.9: ${set("1.35")}`],
        warnings: [],
      });
    },
  );

  test.each(WITHOUT)("that EKS does not have, or no more, stops no cluster that runs", (...versions) => {
    const step =
      "cluster.kubernetes: EKS does not support 1.34 (it supports 1.35, 1.9), and upgrades a cluster of that version by " +
      `itself; do it before, one minor version at a time: ${set("1.35")}`;
    expect(said(config, { versions, cluster: { version: "1.34" } })).toEqual({ faults: [], warnings: [step] });
    // Nobody may say whether it runs.
    expect(said(config, { versions })).toEqual({ faults: [], warnings: [step] });
  });

  test("that EKS has gone past by itself is told with the one that runs", () => {
    expect(said(config, { versions: others, cluster: { version: "1.35" } })).toEqual({
      faults: [],
      warnings: [`cluster.kubernetes: EKS does not support 1.34, and the cluster runs 1.35; name that: ${set("1.35")}`],
    });
  });

  const EXTENDED =
    "cluster.kubernetes: 1.34 is in extended support since 2026-05-01, at six times the price of a control plane, until 2027-05-01";

  test("in extended support is warned of, with the dates; a cluster that runs takes one step, not the newest", () => {
    const versions = [
      row("1.34", "EXTENDED_SUPPORT"),
      row("1.35", "STANDARD_SUPPORT"),
      row("1.36", "STANDARD_SUPPORT"),
    ];
    const told = (cluster: Facts["cluster"]) => said(config, { versions, cluster });
    const step = `${EXTENDED}; upgrade to one in standard support (1.36, 1.35), one minor version at a time: ${set("1.35")}`;
    expect(told({ version: "1.34" })).toEqual({ faults: [], warnings: [step] });
    expect(told(undefined)).toEqual({ faults: [], warnings: [step] });
    expect(told({ version: "1.35" })).toEqual({
      faults: [],
      warnings: [`${EXTENDED}, and the cluster runs 1.35; name that: ${set("1.35")}`],
    });
    // The newest that the settings take: 1.36 is not among them.
    expect(told("missing")).toEqual({
      faults: [],
      warnings: [`${EXTENDED}; choose one in standard support (1.36, 1.35): ${set("1.35")}`],
    });
    expect(said(config, { versions: [row("1.34", "STANDARD_SUPPORT")] })).toEqual(NOTHING);
  });

  test("that the kit does not know is not advised", () => {
    const newest = stack({}, { cluster: { zones: ["us-east-1a", "us-east-1b"], kubernetes: "1.35" } });
    const versions = [row("1.35", "EXTENDED_SUPPORT"), row("1.36", "STANDARD_SUPPORT")];
    expect(said(newest, { versions, cluster: { version: "1.35" } }).warnings).toEqual([
      expect.stringMatching(/one minor version at a time: this kit knows 1\.34, 1\.35 alone, so update the kit first$/),
    ]);
  });
});

describe("the domain's zone", () => {
  const config = stack({}, { endpoint: { domain: "llm.example.com", zone: "example.com" } });

  test("that does not exist is refused, with the command that makes it", () => {
    expect(said(config, { hostedZone: "missing" }).faults).toEqual([
      "endpoint.zone: there is no public Route 53 zone example.com in this account; make it, and enter its name servers where " +
        'the domain is registered: aws route53 create-hosted-zone --name example.com --caller-reference "$(date +%s)"',
    ]);
  });

  test("that exists twice is refused", () => {
    expect(said(config, { hostedZone: "several" }).faults).toEqual([
      "endpoint.zone: there are several public Route 53 zones example.com in this account, and the certificate is proved in one; " +
        "delete those that the domain's name servers do not lead to: aws route53 list-hosted-zones-by-name --dns-name example.com",
    ]);
    expect(said(config, { hostedZone: "found" })).toEqual(NOTHING);
  });
});

describe("what AWS does not answer", () => {
  const DENIED = "AccessDeniedException: not authorized to perform: servicequotas:GetServiceQuota";
  const quotas = { what: "the vCPU quotas of the GPU pools", permissions: ["servicequotas:GetServiceQuota"] };
  const versions = { what: "which versions EKS supports", permissions: ["eks:DescribeClusterVersions"] };

  test("is one warning for each thing, with the permission that it takes", () => {
    const late = { ...versions, reason: "no answer within 20 seconds" };
    expect(warningsOf([{ ...quotas, reason: DENIED }, { ...quotas, reason: DENIED }, late])).toEqual([
      `not checked before the start: the vCPU quotas of the GPU pools (it takes servicequotas:GetServiceQuota): ${DENIED}`,
      "not checked before the start: which versions EKS supports (it takes eks:DescribeClusterVersions): no answer within 20 seconds",
    ]);
  });

  test("for one reason is one warning", () => {
    const reason = "dial tcp: i/o timeout";
    expect(
      warningsOf([
        { ...quotas, reason },
        { ...versions, reason },
      ]),
    ).toEqual([
      "not checked before the start: the vCPU quotas of the GPU pools, which versions EKS supports " +
        "(it takes servicequotas:GetServiceQuota, eks:DescribeClusterVersions): dial tcp: i/o timeout",
    ]);
  });

  test.each([
    "unable to validate AWS credentials.\nDetails: no valid credential sources found",
    "ExpiredTokenException: The security token included in the request is expired",
  ])("because nobody is signed in stops the stack with one error: %s", (reason) => {
    expect(() =>
      warningsOf([
        { ...quotas, reason: DENIED },
        { ...versions, reason },
      ]),
    ).toThrow(
      "AWS knows nobody by these credentials; nothing was created. Sign in (aws sso login), or set AWS_PROFILE or aws:profile, " +
        `and see that this answers: aws sts get-caller-identity\n${reason}`,
    );
  });
});
