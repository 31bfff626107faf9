import { createHash } from "node:crypto";
import { isProps, type Props, props, text, type Value } from "../aws/table";

/*
 * The inputs of plain objects as the official provider completes them.
 */

const AUTONAMED = "pulumi.com/autonamed";

interface ObjectCheck {
  readonly type: string;
  readonly name: string;
  readonly seed: string;
  readonly old: Props;
  readonly given: Props;
  /** Namespace of the provider, where it has one. */
  readonly defaultNamespace?: string;
  readonly namespaced: boolean;
}

/** The API version and kind that a type token names: `kubernetes:core/v1:Secret` is `v1` and `Secret`. */
export function kindOfType(type: string): { apiVersion: string; kind: string } {
  const [pkg = "", module = "", kind = ""] = type.split(":");
  const apiVersion = module.startsWith("core/") ? module.slice("core/".length) : module;
  // The types of the SDK that are no objects of the API: charts, YAML files, and views of other kinds.
  const noObject = ["helm.sh", "yaml", "kustomize"].some((part) => module === part || module.startsWith(`${part}/`));
  if (pkg !== "kubernetes" || kind === "" || noObject || /(Patch|List)$/.test(kind)) {
    throw new Error(`the kubernetes double does not know the resource type "${type}"`);
  }
  return { apiVersion, kind };
}

/** Without a name of its own an object gets the resource's and eight digits, and keeps it. */
export function completeObject({ type, name, seed, old, given, defaultNamespace, namespaced }: ObjectCheck): Props {
  // Everything below is in there, and none of it is known yet.
  if (given.metadata !== undefined && given.metadata !== null && !isProps(given.metadata)) return given;
  const metadata = props(given.metadata);
  const named = metadata.name === undefined || metadata.name === "" ? autoname(name, seed, old, metadata) : {};
  const placed =
    defaultNamespace !== undefined && namespaced && !metadata.namespace ? { namespace: defaultNamespace } : {};
  return { ...kindOfType(type), ...given, metadata: { ...metadata, ...placed, ...named } };
}

function autoname(name: string, seed: string, old: Props, metadata: Props): Props {
  const kept = text(old, "metadata.name");
  const wasAutonamed = props(props(old.metadata).annotations)[AUTONAMED] === "true";
  const digits = createHash("sha256").update(seed).digest("hex").slice(0, 8);
  return {
    name: wasAutonamed && kept !== "" ? kept : `${name}-${digits}`,
    annotations: { ...props(metadata.annotations), [AUTONAMED]: "true" },
  };
}

export const isAutonamed = (inputs: Props) => props(props(inputs.metadata).annotations)[AUTONAMED] === "true";

/** A Secret's texts are stored in base64: the two spellings of one value are alike. */
export function normalized(inputs: Props): Props {
  if (inputs.kind !== "Secret" || inputs.apiVersion !== "v1") return inputs;
  const { stringData, data, ...rest } = inputs;
  if (stringData !== undefined && !isProps(stringData)) return inputs;
  const encoded = Object.entries(props(stringData)).map(([key, value]) => [key, base64(value)]);
  return { ...rest, data: { ...props(data), ...Object.fromEntries(encoded) } };
}

const base64 = (value: Value) => Buffer.from(String(value)).toString("base64");
