import { parse } from "yaml";
import { items, list, type Props, props, text } from "../../doubles/aws/table";

/** What the user data of an instance makes of its node; labels and taints are those the kubelet registers with. */
export interface NodeSettings {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Where the user data names it. */
  readonly maxPods?: number;
  /** One volume of all the instance's NVMe for the kubelet. */
  readonly localDisks: boolean;
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export const NO_SETTINGS: NodeSettings = { labels: {}, taints: [], localDisks: false };

interface Part {
  readonly type: string;
  readonly content: string;
}

const NODE_CONFIG = "application/node.eks.aws";

/**
 * Reads user data as the image's first boot does: nodeadm's NodeConfigs (AL2023), or the call of the bootstrap script
 * (AL2, Ubuntu). Of several parts each adds to those before it, and the last word counts.
 * @throws Error where there is neither: such a machine never becomes a node.
 */
export function parseUserData(userData: string): NodeSettings {
  const found = partsOf(userData).flatMap(({ type, content }) => {
    if (type === NODE_CONFIG) return nodeConfigs(content);
    const call = /\/etc\/eks\/bootstrap\.sh (.*)/s.exec(content)?.[1];
    return call === undefined ? [] : [fromBootstrap(call)];
  });
  if (found.length === 0) throw new Error("the user data has no NodeConfig and no call of /etc/eks/bootstrap.sh");
  return found.reduce((before, now) => ({
    labels: { ...before.labels, ...now.labels },
    taints: now.taints.length > 0 ? now.taints : before.taints,
    maxPods: now.maxPods ?? before.maxPods,
    localDisks: before.localDisks || now.localDisks,
  }));
}

/** The parts of a MIME archive; what is none is one part, of a kind that its first line tells. */
function partsOf(userData: string): Part[] {
  const boundary = /^Content-Type:\s*multipart\/mixed;\s*boundary="([^"]+)"/im.exec(userData)?.[1];
  if (boundary === undefined)
    return [{ type: userData.startsWith("#!") ? "text/x-shellscript" : NODE_CONFIG, content: userData }];
  const [, ...parts] = `\n${userData.replaceAll("\r\n", "\n")}`.split(`\n--${boundary}`);
  return parts
    .filter((part) => !part.startsWith("--"))
    .map((part) => {
      const [head = "", ...rest] = part.replace(/^\s*\n/, "").split("\n\n");
      const type = /^Content-Type:\s*([^;\s]+)/im.exec(head)?.[1] ?? "";
      return { type, content: rest.join("\n\n") };
    });
}

function nodeConfigs(content: string): NodeSettings[] {
  const config = props(parse(content));
  return config.kind === "NodeConfig" ? [fromNodeConfig(config)] : [];
}

function fromNodeConfig({ spec }: Props): NodeSettings {
  const kubelet = props(props(spec).kubelet);
  const config = props(kubelet.config);
  return {
    labels: labelsIn(list(kubelet.flags).join(" ")),
    taints: items(config.registerWithTaints).map((taint) => ({
      key: text(taint, "key"),
      ...(text(taint, "value") === "" ? {} : { value: text(taint, "value") }),
      effect: text(taint, "effect"),
    })),
    ...(typeof config.maxPods === "number" ? { maxPods: config.maxPods } : {}),
    localDisks: text(spec, "instance.localStorage.strategy") === "RAID0",
  };
}

function fromBootstrap(call: string): NodeSettings {
  const maxPods = /--max-pods=(\d+)/.exec(call)?.[1];
  return {
    labels: labelsIn(call),
    taints: commaSeparated(/--register-with-taints="([^"]*)"/.exec(call)?.[1]).map((one) => taintOf(one)),
    ...(maxPods === undefined ? {} : { maxPods: Number(maxPods) }),
    localDisks: /--local-disks raid0/.test(call),
  };
}

const commaSeparated = (value = "") => value.split(",").filter((one) => one !== "");

/** Of each `--node-labels` in a command line. */
function labelsIn(flags: string): Record<string, string> {
  const given = [...flags.matchAll(/--node-labels="?([^"\s]*)"?/g)].flatMap(([, value]) => commaSeparated(value));
  return Object.fromEntries(
    given.map((one) => {
      const [key = "", ...value] = one.split("=");
      return [key, value.join("=")];
    }),
  );
}

/** `key=value:Effect` or `key:Effect`. */
function taintOf(one: string): Taint {
  const [, key = "", value, effect = ""] = /^([^=:]+)(?:=([^:]*))?:(.+)$/.exec(one) ?? [];
  return { key, ...(value === undefined || value === "" ? {} : { value }), effect };
}
