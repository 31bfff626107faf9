import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { items, list, type Props, props, text } from "../aws/table";
import type { ApiServer } from "./api";
import type { Mutable } from "./diff";
import { holdsUnknown } from "./objects";

/** A provider of the program, checked. */
export interface KubernetesConfig {
  /** Namespace of what names none. */
  readonly defaultNamespace?: string;
  /** AWS region of the cluster, where its kubeconfig names one. */
  readonly region?: string;
  readonly mutable: Mutable;
}

/** Settings that change nothing here, or that are read below. */
const KNOWN = new Set([
  "context",
  "enableConfigMapMutable",
  "enableSecretMutable",
  "enableServerSideApply",
  "kubeconfig",
  "namespace",
  "pluginDownloadURL",
  "suppressDeprecationWarnings",
  "suppressHelmHookWarnings",
  "version",
  "__internal",
]);

/**
 * Reads a provider's settings and makes sure that they lead to the stage's API server. The double itself talks with the
 * stage's own token: the kubeconfig's way to a token, the AWS CLI, is looked at and not run.
 * @param ambient file that stands for the user's own kubeconfig.
 * @throws for settings that lead elsewhere or that the double does not know.
 */
export function configure(inputs: Props, server: ApiServer, ambient = process.env.KUBECONFIG): KubernetesConfig {
  const unknown = Object.keys(inputs).filter((setting) => !KNOWN.has(setting));
  if (unknown.length > 0) {
    throw new Error(
      `the kubernetes double does not know the provider setting ${unknown.join(", ")}: add it to rehearsal/doubles/kubernetes/kubeconfig.ts`,
    );
  }
  if (text(inputs, "enableServerSideApply") === "false") {
    throw new Error("enableServerSideApply is false: the kubernetes double only knows server-side apply");
  }
  const config = readKubeconfig(inputs, ambient);
  const context = contextOf(config, text(inputs, "context"));
  demandServer(config, context, server);
  const namespace = text(inputs, "namespace") || text(context, "namespace");
  return {
    ...(namespace === "" ? {} : { defaultNamespace: namespace }),
    ...regionIn(userOf(config, context)),
    mutable: {
      secrets: text(inputs, "enableSecretMutable") === "true",
      configMaps: text(inputs, "enableConfigMapMutable") === "true",
    },
  };
}

/** Settings whose change is another cluster, and so every object anew. */
export function configReplaces(old: Props, now: Props, ambient = process.env.KUBECONFIG): string[] {
  // Not known yet: the official provider, too, expects the worst.
  if (holdsUnknown(now.kubeconfig)) return ["kubeconfig"];
  const place = (inputs: Props) => {
    const config = readKubeconfig(inputs, ambient);
    return JSON.stringify(clusterOf(config, contextOf(config, text(inputs, "context"))));
  };
  const changed = ["kubeconfig", "context"].filter((setting) => text(old, setting) !== text(now, setting));
  return changed.length > 0 && place(old) !== place(now) ? changed : [];
}

/** The text of a kubeconfig, or the file that it names. */
function readKubeconfig(inputs: Props, ambient: string | undefined): Props {
  const given = text(inputs, "kubeconfig") || ambient;
  if (given === undefined || given === "") {
    throw new Error("the kubernetes provider has no kubeconfig, and KUBECONFIG is not set");
  }
  const config = parse(existsSync(given) ? readFileSync(given, "utf8") : given);
  if (typeof config === "object" && config !== null && "clusters" in config) return config as Props;
  throw new Error("the kubernetes provider's kubeconfig is neither a file nor a kubeconfig in JSON or YAML");
}

const named = (config: Props, what: string, name: string) =>
  items(config[what]).find((entry) => text(entry, "name") === name);

function contextOf(config: Props, asked: string): Props {
  const name = asked || text(config, "current-context");
  const found = named(config, "contexts", name);
  if (found) return props(found.context);
  const known = items(config.contexts).map((entry) => text(entry, "name"));
  throw new Error(`the kubeconfig has no context "${name}"; it has: ${known.join(", ") || "none"}`);
}

const clusterOf = (config: Props, context: Props) =>
  props(named(config, "clusters", text(context, "cluster"))?.cluster);
const userOf = (config: Props, context: Props) => props(named(config, "users", text(context, "user"))?.user);

const fingerprint = (data: string) => createHash("sha256").update(data).digest("hex").slice(0, 12);

function demandServer(config: Props, context: Props, server: ApiServer): void {
  const cluster = clusterOf(config, context);
  const url = text(cluster, "server");
  if (url !== server.url) {
    throw new Error(`the kubeconfig's server is "${url}", the rehearsal's API server is "${server.url}"`);
  }
  const file = text(cluster, "certificate-authority");
  const caData = file === "" ? text(cluster, "certificate-authority-data") : readFileSync(file).toString("base64");
  if (caData !== server.caData) {
    throw new Error(
      `the kubeconfig's certificate-authority-data has the fingerprint ${fingerprint(caData)}, the rehearsal's API server ${fingerprint(server.caData)}`,
    );
  }
}

/** The region that the AWS CLI is told, where it is the way to a token. */
function regionIn(user: Props): { region?: string } {
  const { exec } = user;
  if (exec === undefined) return {};
  const command = [text(exec, "command"), ...list(props(exec).args).map(String)];
  if (command.slice(0, 3).join(" ") !== "aws eks get-token") {
    throw new Error(
      `the kubeconfig gets its token from "${command.slice(0, 3).join(" ")}", not from aws eks get-token`,
    );
  }
  const at = command.indexOf("--region");
  return at < 0 ? {} : { region: command[at + 1] };
}
