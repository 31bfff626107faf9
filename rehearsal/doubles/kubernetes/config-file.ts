import { items, list, type Props, props, text } from "../aws/table";
import type { Child } from "../rpc";
import { objectsIn } from "./helm";

/** Text of the manifest that a URL stands for. */
export type ManifestOf = (url: string) => Promise<string>;

const ANNOTATED = "config.kubernetes.io/depends-on";

/**
 * The resources of a manifest as `yaml/v2:ConfigFile` names and orders them: `prefix:name` or `prefix:namespace/name`; a
 * CRD comes before its objects, a namespace before what is in it.
 * Source: pulumi/pulumi-kubernetes, provider/pkg/provider/yaml/v2/yaml.go.
 */
export function childrenOf(name: string, inputs: Props, manifest: string): Child[] {
  const prefix = inputs.resourcePrefix === undefined ? `${name}:` : `${text(inputs, "resourcePrefix")}:`;
  const objects = objectsIn(manifest);
  for (const object of objects) demandName(object);
  const ordered = [...objects].sort((a, b) => rank(a) - rank(b));
  return ordered.map((object) => {
    const needed = ordered.filter((other) => rank(other) < rank(object) && needs(object, other));
    const secret = object.kind === "Secret" && object.apiVersion === "v1";
    return {
      type: typeOf(object),
      name: childName(prefix, object),
      inputs: object,
      after: needed.map((other) => childName(prefix, other)),
      ...(secret ? { secretOutputs: ["data", "stringData"] } : {}),
    };
  });
}

function demandName(object: Props): void {
  for (const field of ["apiVersion", "kind", "metadata.name"]) {
    if (text(object, field) !== "") continue;
    throw new Error(`an object of the manifest has no ${field}: ${JSON.stringify(object).slice(0, 100)}`);
  }
  if (props(props(object.metadata).annotations)[ANNOTATED] !== undefined) {
    throw new Error(`${text(object, "metadata.name")}: the kubernetes double does not follow ${ANNOTATED}`);
  }
}

/** The type token of an object; the core group is called by its name. */
function typeOf(object: Props): string {
  const apiVersion = text(object, "apiVersion");
  return `kubernetes:${apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`}:${text(object, "kind")}`;
}

function childName(prefix: string, object: Props): string {
  const namespace = text(object, "metadata.namespace");
  return `${prefix}${namespace === "" ? "" : `${namespace}/`}${text(object, "metadata.name")}`;
}

const isCrd = (object: Props) => object.kind === "CustomResourceDefinition";
const rank = (object: Props) => (isCrd(object) || object.kind === "Namespace" ? 0 : 1);

function needs(object: Props, other: Props): boolean {
  if (!isCrd(other)) return text(object, "metadata.namespace") === text(other, "metadata.name");
  const versions = list(
    items(props(other.spec).versions).map((version) => `${text(other, "spec.group")}/${version.name}`),
  );
  return versions.includes(text(object, "apiVersion")) && text(other, "spec.names.kind") === object.kind;
}
