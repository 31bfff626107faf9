import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Props } from "../../rehearsal/doubles/aws/table";
import { liveInputs, objectDifference } from "../../rehearsal/doubles/kubernetes/diff";
import { sameQuantity } from "../../rehearsal/doubles/kubernetes/quantity";

const FIXED = { secrets: false, configMaps: false };
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const object = (apiVersion: string, kind: string, more: Props, metadata: Props = {}): Props => ({
  apiVersion,
  kind,
  metadata: { name: "one", ...metadata },
  ...more,
});

const secret = (more: Props) => object("v1", "Secret", more);
const job = (spec: Props) => object("batch/v1", "Job", { spec });
const same = { changed: [], replaces: [], deleteFirst: false };
const updated = (changed: string) => ({ changed: [changed], replaces: [], deleteFirst: false });
const replaced = (changed: string, deleteFirst = true) => ({ changed: [changed], replaces: [changed], deleteFirst });

describe("a change of inputs", () => {
  test.each<[string, Props, Props, ReturnType<typeof objectDifference>]>([
    ["nothing", job({ template: { a: 1 } }), job({ template: { a: 1 } }), same],
    ["a Job's template", job({ template: { a: 1 } }), job({ template: { a: 2 } }), replaced("spec")],
    ["a Job's backoff", job({ backoffLimit: 1 }), job({ backoffLimit: 2 }), updated("spec")],
    ["a Secret's value", secret({ stringData: { a: "1" } }), secret({ stringData: { a: "2" } }), replaced("data")],
    ["a Secret's spelling", secret({ stringData: { a: "1" } }), secret({ data: { a: "MQ==" } }), same],
    ["a Secret's type", secret({ type: "Opaque" }), secret({ type: "example.test/x" }), replaced("type")],
    [
      "a ConfigMap's data",
      object("v1", "ConfigMap", { data: { a: "1" } }),
      object("v1", "ConfigMap", { data: { a: "2" } }),
      replaced("data"),
    ],
    [
      "a label",
      object("v1", "Namespace", {}, { labels: { a: "1" } }),
      object("v1", "Namespace", {}, { labels: { a: "2" } }),
      updated("metadata"),
    ],
    [
      "the name",
      object("v1", "Namespace", {}),
      object("v1", "Namespace", {}, { name: "two" }),
      replaced("metadata", false),
    ],
    [
      "the namespace",
      object("v1", "ServiceAccount", {}, { namespace: "a" }),
      object("v1", "ServiceAccount", {}, { namespace: "b" }),
      replaced("metadata", false),
    ],
    [
      "the namespace that is meant anyway",
      object("v1", "ServiceAccount", {}),
      object("v1", "ServiceAccount", {}, { namespace: "default" }),
      same,
    ],
    [
      "a Deployment's selector",
      object("apps/v1", "Deployment", { spec: { selector: { matchLabels: { a: "1" } } } }),
      object("apps/v1", "Deployment", { spec: { selector: { matchLabels: { a: "2" } } } }),
      replaced("spec"),
    ],
    [
      "a Service's address",
      object("v1", "Service", { spec: { clusterIP: "None" } }),
      object("v1", "Service", { spec: {} }),
      replaced("spec"),
    ],
    [
      "a quota's amount",
      object("v1", "ResourceQuota", { spec: { hard: { pods: "1" } } }),
      object("v1", "ResourceQuota", { spec: { hard: { pods: "2" } } }),
      updated("spec"),
    ],
    ["what is not known yet", job({ template: { a: 1 } }), job({ template: { a: UNKNOWN } }), replaced("spec")],
    [
      "a field of a kind without fixed fields",
      object("karpenter.sh/v1", "NodePool", { spec: { weight: 1 } }),
      object("karpenter.sh/v1", "NodePool", { spec: { weight: 2 } }),
      updated("spec"),
    ],
  ])("%s", (_, old, now, difference) => {
    expect(objectDifference(old, now, FIXED)).toEqual(difference);
  });

  test("what named itself need not go first", () => {
    const metadata = { name: "one-12345678", annotations: { "pulumi.com/autonamed": "true" } };
    const [old, now] = ["1", "2"].map((a) => object("v1", "ConfigMap", { data: { a } }, metadata));
    expect(objectDifference(old ?? {}, now ?? {}, FIXED)).toEqual(replaced("data", false));
  });

  test("Secrets and ConfigMaps can be told to change in place", () => {
    const mutable = { secrets: true, configMaps: true };
    const [old, now] = ["1", "2"].map((a) => secret({ stringData: { a } }));
    expect(objectDifference(old ?? {}, now ?? {}, mutable)).toEqual(updated("data"));
    expect(objectDifference(old ?? {}, { ...now, immutable: true }, mutable).replaces).toEqual(["data"]);
  });
});

describe("inputs as a refresh found them", () => {
  const quota = (hard: Props) => object("v1", "ResourceQuota", { spec: { hard } });

  test.each<[string, Props, Props, Props]>([
    [
      "what the server added is left out",
      quota({ pods: "1" }),
      { ...quota({ pods: "1" }), status: {} },
      quota({ pods: "1" }),
    ],
    ["what it spells otherwise stays", quota({ cpu: "1000m" }), quota({ cpu: "1" }), quota({ cpu: "1000m" })],
    ["what others changed is told", quota({ pods: "1" }), quota({ pods: "9" }), quota({ pods: "9" })],
    ["what others removed is gone", quota({ pods: "1", cpu: "1" }), quota({ pods: "1" }), quota({ pods: "1" })],
    ["nothing and empty are alike", { ...quota({}), extra: [] }, quota({}), { ...quota({}), extra: [] }],
    [
      "a Secret keeps its spelling",
      secret({ stringData: { a: "1" } }),
      secret({ data: { a: "MQ==" } }),
      secret({ stringData: { a: "1" } }),
    ],
    [
      "a Secret's other value is told",
      secret({ stringData: { a: "1" } }),
      secret({ data: { a: "Mg==" } }),
      secret({ data: { a: "Mg==" } }),
    ],
  ])("%s", (_, inputs, live, seen) => {
    expect(liveInputs(inputs, live)).toEqual(seen);
  });

  test("of an object that nobody touched are the inputs, whatever the server adds", () => {
    const leaf = fc.oneof(fc.string({ minLength: 1 }), fc.integer(), fc.boolean());
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(fc.string({ minLength: 1 }), tie("tree"), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), tree, { maxKeys: 4 }), (spec) => {
        const inputs = object("example.test/v1", "Thing", { spec: spec as Props });
        expect(liveInputs(inputs, { ...structuredClone(inputs), status: { phase: "x" } } as Props)).toEqual(inputs);
      }),
    );
  });
});

test.each([
  ["1000m", "1", true],
  ["0.5", "500m", true],
  [1, "1", true],
  ["1024Mi", "1Gi", true],
  ["1G", "1Gi", false],
  ["2", "1", false],
  ["one", "one more", false],
])("quantities %s and %s", (a, b, alike) => {
  expect(sameQuantity(a, b)).toBe(alike);
});
