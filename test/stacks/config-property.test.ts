import fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigError } from "../../components/errors";
import { parseStack } from "../../stacks/config-read";
import { ruleFaults } from "../../stacks/config-rules";
import { AROUND, adopted, COMMIT, right, stackFile } from "./config-harness";

/*
 * Whatever stands in a stack file, it is either read or refused with words.
 */

type Path = readonly (string | number)[];

/** Every place in a configuration. */
function places(value: unknown, above: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [above];
  const inner = Object.entries(value).flatMap(([key, child]) =>
    places(child, [...above, Array.isArray(value) ? Number(key) : key]),
  );
  return above.length === 0 ? inner : [above, ...inner];
}

/** The configuration with one place changed, or taken out. */
function mutated(config: unknown, path: Path, value: unknown): unknown {
  const copy = structuredClone(config);
  const parent = path.slice(0, -1).reduce<unknown>((at, key) => Reflect.get(at as object, key), copy) as object;
  const last = path.at(-1) ?? "";
  if (value === undefined) Reflect.deleteProperty(parent, last);
  else Reflect.set(parent, last, value);
  return copy;
}

/** Right ones of every kind: own and adopted cluster, steady and elastic, with schedule, TLS and database. */
const RIGHT: Record<string, unknown>[] = [
  right(),
  adopted(),
  ...["dev", "staging", "prod", "rehearsal"].map(stackFile),
  {
    ...right(),
    network: { adopt: { vpcId: "vpc-01234567", subnetIds: ["subnet-01234567", "subnet-01234568"] } },
    drivers: { from: "operator", version: "580.95.05" },
    tags: { team: "inference" },
    spend: { lease: "12h", limit: 50, idleNode: "3h", unseenNode: "12h" },
  },
];

/** What settings take by themselves, so that the schema lets it through to the rules. */
const TAKEN: Readonly<Record<string, readonly unknown[]>> = {
  gpu: ["l40s", "h100", "a10g", ["h100", "l40s"]],
  gpusPerNode: [1, 2, 4, 8],
  gpusPerReplica: [1, 2, 8],
  maxGpus: [0, 1, 2, 8],
  steadyNodes: [0, 1],
  capacity: [["spot"], ["reserved"], ["spot", "spot"], []],
  instanceTypes: [["g6e.xlarge"], ["p5e.48xlarge"], ["toString"]],
  min: [0, 1, 9],
  max: [1, 3, 9],
  replicas: [1, 2, { min: 1, max: 2 }, { min: 2, max: 1 }],
  contextLength: ["8k", 4096],
  source: [`hf://Qwen/Qwen3-32B@${COMMIT}`, "s3://weights/qwen"],
  idleAfter: ["1s", "29d"],
  emptyFor: ["0s", "1h"],
  idleNode: ["15m", "2h", "30d"],
  unseenNode: ["1h", "30d"],
  lease: ["5m", "30d"],
  limit: [0.01, 1000],
  engineArgs: [["--max-num-seqs=8"], ["--api-key=x"]],
  price: [{ input: 0, output: 1 }],
  cpu: [1, 2, 64],
  memory: ["512Mi", "8Gi", "1Ti"],
  zones: [
    ["us-east-1a", "us-east-1c"],
    ["eu-west-1a", "us-east-1a"],
    ["us-east-1a", "us-east-1a"],
  ],
  cidrs: [["0.0.0.0/0"], ["10.0.0.0/8"], ["198.18.0.0/16"], []],
  allowedCidrs: [["0.0.0.0/0"], []],
  exposure: ["public", "internal"],
  domain: ["llm.example.com", "llm.example.org"],
  database: ["rds", "none"],
  databaseMultiZone: [true, false],
  from: ["ami", "operator", "09:30"],
  version: ["v20251108", "580.95.05", "latest"],
  cidr: ["10.40.0.0/18", "10.0.0.0/8"],
  nat: ["one", "per-zone"],
  team: ["x", "a=b"],
  network: [{}, { cidr: "10.64.0.0/24" }],
  gateway: [{ replicas: 2 }, { databaseMultiZone: true }],
  endpoint: [{}, { exposure: "public" }],
  drivers: [{}, { from: "operator" }, { version: "latest" }],
  tags: [{}, { team: "inference" }, { "aws:cost": "1" }],
};

/** What no setting takes, or only few. */
const ODD = fc.oneof(
  fc.constantFrom<unknown>(0, -1, 1.5, true, null, undefined, "", [], {}, "constructor", "toString", "0s", "1.35"),
  fc.jsonValue(),
);

const CHANGE = fc.record({
  config: fc.constantFrom(...RIGHT),
  changes: fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ place: fc.nat(), pick: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ place: fc.nat(), odd: ODD }) },
    ),
    { minLength: 1, maxLength: 2 },
  ),
});

type Change = { place: number; pick: number } | { place: number; odd: unknown };

const takenAt = (path: Path) => TAKEN[String(path.at(-1))] ?? [];

/** The configuration with a place changed to what it could take, or to something odd. */
function applied(config: unknown, change: Change): unknown {
  const all = places(config).filter((path) => "odd" in change || takenAt(path).length > 0);
  const path = all[change.place % all.length];
  if (path === undefined) return config;
  const taken = takenAt(path);
  return mutated(config, path, "odd" in change ? change.odd : taken[change.pick % taken.length]);
}

test("nothing that is almost right makes it throw anything but the configuration error, and the rules are reached", () => {
  const seen = { read: 0, refused: 0, byRules: 0 };
  const paths = new Set<string>();
  fc.assert(
    fc.property(CHANGE, ({ config, changes }) => {
      const raw = changes.reduce<unknown>(applied, config);
      try {
        const read = parseStack(raw, AROUND);
        seen.read += 1;
        // What was let through has no fault that a rule would have told.
        expect(ruleFaults({ ...read, raw, allModels: true, allPools: true }, AROUND)).toEqual([]);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        seen.refused += 1;
        for (const { path, message } of error.faults) {
          expect(message).toMatch(/\S/);
          expect(`${path} ${message}`).not.toMatch(/undefined|NaN|\[object|function|Infinity/);
          if (RULES.some((rule) => rule.test(message))) {
            seen.byRules += 1;
            paths.add(path.split(/[.[]/)[0] ?? "");
          }
        }
      }
    }),
    { numRuns: 1500, seed: 7 },
  );
  expect(seen.read).toBeGreaterThan(150);
  expect(seen.refused).toBeGreaterThan(500);
  expect(seen.byRules).toBeGreaterThan(200);
  expect([...paths].sort()).toEqual([
    "cluster",
    "drivers",
    "endpoint",
    "gateway",
    "gpuPools",
    "models",
    "network",
    "spend",
  ]);
});

/** Words of rules between settings, which the schema alone never says. */
const RULES = [
  /is not in aws:region|is named twice|has no meaning with cluster\.adopt|no pool has|no model runs|is a pool without/,
  /no EC2 type has|is not a multiple|is empty, but|names a kind twice|go together|steady nodes|leaves a replica/,
  /may show no use|after which a node of pool|keeps up without a request|knows no price|is above|need \d+ GPUs|needs the ranges|without TLS|is a \/|is private|which from: |standby|is set by the kit/,
];

test("nothing at all makes it throw anything but the configuration error", () => {
  const leaf = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.double(),
    fc.constant("l40s"),
    fc.constant("10m"),
  );
  const section = fc.oneof(
    leaf,
    fc.jsonValue(),
    fc.dictionary(fc.constantFrom("gpu", "maxGpus", "zones", "source", "replicas", "adopt", "x"), fc.jsonValue()),
  );
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        cluster: section,
        network: section,
        gpuPools: fc.oneof(section, fc.dictionary(fc.constantFrom("l40s", "Pool", ""), section)),
        models: fc.oneof(
          section,
          fc.dictionary(fc.constantFrom("qwen", "M_", "a"), fc.oneof(section, fc.constant(right().models.qwen))),
        ),
        endpoint: section,
        gateway: section,
        drivers: section,
        tags: section,
        permissionsBoundary: section,
        unknown: section,
      },
      { requiredKeys: [] },
    ),
  );
  let refused = 0;
  fc.assert(
    fc.property(anything, (raw) => {
      try {
        parseStack(raw, AROUND);
      } catch (error) {
        refused += 1;
        expect(error).toBeInstanceOf(ConfigError);
        for (const fault of (error as ConfigError).faults) expect(fault.message).not.toBe("");
      }
    }),
    { numRuns: 1500, seed: 7 },
  );
  expect(refused).toBeGreaterThan(1000);
});
