import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { manifests } from "../components/versions";
import { type CrdName, findCrds, findingHere, findTools, type Tools } from "./tools";
import { cacheFolder } from "./tools/cache";

/** The programs of every rehearsal. */
const PLAIN_TOOLS = ["python", "helm", "kubectl", "etcd", "pulumi", "kubeApiserver"] as const;

/** Those that a live one runs besides: what is quick to get comes first. */
const LIVE_TOOLS = [
  "gatewayPython",
  "kubeControllerManager",
  "kubeScheduler",
  "epp",
  "prometheus",
  "prometheusOperator",
  "kedaAdapter",
  "keda",
  "karpenter",
] as const;

/** Everything a stage is built from: programs, and what stands for things that may be out of reach. */
export interface Equipment extends Pick<Tools, (typeof PLAIN_TOOLS)[number]> {
  /** Where charts that could be pulled are kept between runs. */
  readonly chartCache: string;
  /** Files with the custom resource definitions of a third-party chart, by its name. */
  readonly crdsOf: (chart: string) => Promise<readonly string[]>;
  /** The text behind a URL of the version table. */
  readonly manifestOf: (url: string) => Promise<string>;
}

/** Charts whose definitions stand in a folder of another name. */
const ELSEWHERE: Readonly<Record<string, CrdName>> = { "karpenter-crd": "karpenter" };

export type LiveTools = Pick<Tools, (typeof LIVE_TOOLS)[number]>;

export const findLiveTools = (say: (line: string) => void, signal: AbortSignal): Promise<LiveTools> =>
  findTools(LIVE_TOOLS, findingHere(say, signal));

export async function findEquipment(say: (line: string) => void, signal: AbortSignal): Promise<Equipment> {
  const finding = findingHere(say, signal);
  const tools = await findTools(PLAIN_TOOLS, finding);
  const folders = await findCrds(finding);
  return {
    ...tools,
    chartCache: join(cacheFolder(process.env, homedir()), "charts"),
    crdsOf: async (chart) => filesOf(folders, chart),
    manifestOf: async (url) => {
      if (url !== manifests.inferenceExtension.url) throw new Error(`no manifest stands for ${url}`);
      // The same file of the same version, from its Go module.
      return readFileSync(join(folders["inference-extension"], basename(url)), "utf8");
    },
  };
}

function filesOf(folders: Readonly<Record<string, string>>, chart: string): string[] {
  const folder = folders[ELSEWHERE[chart] ?? chart];
  if (folder === undefined)
    throw new Error(
      `the rehearsal has no custom resource definitions of chart "${chart}": add them to rehearsal/tools/crds.ts`,
    );
  return readdirSync(folder).map((file) => join(folder, file));
}
