import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { Props } from "../../rehearsal/doubles/aws/table";
import { childrenOf } from "../../rehearsal/doubles/kubernetes/config-file";

const crd: Props = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.test" },
  spec: { group: "example.test", names: { kind: "Widget" }, versions: [{ name: "v1" }] },
};
const widget: Props = { apiVersion: "example.test/v1", kind: "Widget", metadata: { name: "w", namespace: "team" } };
const team: Props = { apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } };
const secret: Props = { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, stringData: { a: "1" } };

const file = (...objects: Props[]) => objects.map((object) => stringify(object)).join("---\n");

describe("a manifest", () => {
  test("gives one resource for each object, after what it needs", () => {
    const children = childrenOf("crds", {}, file(widget, secret, crd, team));
    expect(children.map(({ type, name, after }) => [type, name, after])).toEqual([
      ["kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "crds:widgets.example.test", []],
      ["kubernetes:core/v1:Namespace", "crds:team", []],
      ["kubernetes:example.test/v1:Widget", "crds:team/w", ["crds:widgets.example.test", "crds:team"]],
      ["kubernetes:core/v1:Secret", "crds:s", []],
    ]);
    expect(children.map(({ secretOutputs }) => secretOutputs)).toEqual([
      undefined,
      undefined,
      undefined,
      ["data", "stringData"],
    ]);
    expect(children[0]?.inputs).toEqual(crd);
  });

  test("is named by its prefix where there is one", () => {
    expect(childrenOf("crds", { resourcePrefix: "other" }, file(team)).map(({ name }) => name)).toEqual(["other:team"]);
  });

  test("may hold lists, comments and nothing", () => {
    const list = { apiVersion: "v1", kind: "List", items: [team, secret] };
    expect(childrenOf("x", {}, `# only words\n---\n${stringify(list)}---\n`).map(({ name }) => name)).toEqual([
      "x:team",
      "x:s",
    ]);
  });

  test.each<[string, string, RegExp]>([
    [
      "a name",
      file({ apiVersion: "v1", kind: "Secret", metadata: {} }),
      /^an object of the manifest has no metadata\.name: /,
    ],
    ["a kind", file({ apiVersion: "v1", metadata: { name: "x" } }), /^an object of the manifest has no kind: /],
    ["sound YAML", "a: [1\n", /flow/i],
  ])("without %s is refused", (_, manifest, message) => {
    expect(() => childrenOf("x", {}, manifest)).toThrow(message);
  });
});
