import { isDeepStrictEqual } from "node:util";
import { isProps, list, type Props, text, type Value } from "../aws/table";
import { isAutonamed, normalized } from "./inputs";
import { holdsUnknown } from "./objects";
import { sameQuantity } from "./quantity";

/*
 * What a change of inputs does to an object: nothing, an update, or a new object in its place.
 */

/** A selector cannot change once it has chosen pods. */
const SELECTOR = ["spec.selector"];

/**
 * Fields that are fixed at creation, by group and kind; a field holds for all below it.
 * Source: pulumi/pulumi-kubernetes, provider/pkg/provider/diff.go.
 */
const FIXED: { readonly [kind: string]: readonly string[] } = {
  "/Secret": ["type", "stringData", "data"],
  "/ConfigMap": ["binaryData", "data"],
  "/Service": ["spec.clusterIP"],
  "/ResourceQuota": ["spec.scopes"],
  "apps/Deployment": SELECTOR,
  "apps/DaemonSet": SELECTOR,
  "apps/StatefulSet": [
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ],
  "batch/Job": ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"],
  "rbac.authorization.k8s.io/ClusterRoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io/RoleBinding": ["roleRef"],
  "storage.k8s.io/StorageClass": ["parameters", "provisioner"],
};

/** Provider settings under which Secrets and ConfigMaps change in place. */
export interface Mutable {
  readonly secrets: boolean;
  readonly configMaps: boolean;
}

export interface ObjectDifference {
  readonly changed: string[];
  readonly replaces: string[];
  readonly deleteFirst: boolean;
}

/** Old and new inputs, compared; top-level properties in the answer. */
export function objectDifference(old: Props, now: Props, mutable: Mutable): ObjectDifference {
  const [before, after] = [canonical(old), canonical(now)];
  const paths = changedPaths(before, after, "");
  const fixed = ["metadata.name", "metadata.namespace", ...fixedFields(after, mutable)];
  const replaces = paths.filter((path) => fixed.some((field) => path === field || path.startsWith(`${field}.`)));
  const sameName = ["metadata.name", "metadata.namespace"].every((path) => text(before, path) === text(after, path));
  return {
    changed: topLevel(paths),
    replaces: topLevel(replaces),
    // The new one takes the name of the old, so the old must go first.
    deleteFirst: replaces.length > 0 && sameName && !isAutonamed(now),
  };
}

const topLevel = (paths: readonly string[]) => [...new Set(paths.map((path) => path.split(".")[0] ?? path))].sort();

function fixedFields(object: Props, mutable: Mutable): readonly string[] {
  const apiVersion = text(object, "apiVersion");
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
  const kind = text(object, "kind");
  const canChange = (kind === "Secret" && mutable.secrets) || (kind === "ConfigMap" && mutable.configMaps);
  if (group === "" && canChange && object.immutable !== true) return kind === "Secret" ? ["type"] : [];
  return FIXED[`${group}/${kind}`] ?? [];
}

/** No namespace is the namespace `default`. */
function canonical(inputs: Props): Props {
  const { metadata, ...rest } = normalized(inputs);
  if (!isProps(metadata)) return { ...rest, metadata };
  const namespace = metadata.namespace === undefined || metadata.namespace === "" ? "default" : metadata.namespace;
  return { ...rest, metadata: { ...metadata, namespace } };
}

/** Dotted paths that differ; a list counts as one value, and so does what is not known yet. */
function changedPaths(old: Value, now: Value, path: string): string[] {
  if (isProps(old) && isProps(now)) {
    const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
    return keys.flatMap((key) => changedPaths(old[key], now[key], path === "" ? key : `${path}.${key}`));
  }
  return isDeepStrictEqual(old ?? undefined, now ?? undefined) && !holdsUnknown(now) ? [] : [path];
}

/**
 * The inputs with what others have changed, for a refresh: a field the program set has the live value; what the server
 * added is left out; a value that the server only spells otherwise stays as it was written.
 */
export function liveInputs(inputs: Props, live: Props): Props {
  const seen = overlay(normalized(inputs), live) as Props;
  return isDeepStrictEqual(seen, normalized(inputs)) ? inputs : seen;
}

function overlay(given: Value, live: Value): Value {
  if (isProps(given) && isProps(live)) {
    const kept = Object.entries(given).map(([key, value]) => [key, overlay(value, live[key])] as const);
    return Object.fromEntries(kept.filter(([, value]) => value !== undefined));
  }
  if (Array.isArray(given) && Array.isArray(live) && given.length === live.length) {
    return list(given).map((value, index) => overlay(value, list(live)[index]));
  }
  const same = isEmpty(given) ? isEmpty(live) : isDeepStrictEqual(given, live) || sameQuantity(given, live);
  return same ? given : live;
}

const isEmpty = (value: Value): boolean =>
  value === undefined ||
  value === null ||
  value === "" ||
  (typeof value === "object" && Object.keys(value).length === 0);
