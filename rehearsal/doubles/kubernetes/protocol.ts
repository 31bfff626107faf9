import { UNKNOWN } from "../aws/inputs";
import { type Props, text } from "../aws/table";
import type { Double } from "../rpc";
import type { Api } from "./api";
import { childrenOf, type ManifestOf } from "./config-file";
import { liveInputs, objectDifference } from "./diff";
import { completeObject, kindOfType } from "./inputs";
import { configReplaces, configure, type KubernetesConfig } from "./kubeconfig";
import { holdsUnknown } from "./objects";
import type { PlainObjects } from "./plain";
import type { Releases } from "./release";
import { completeRelease, releaseDifference } from "./release-inputs";

const RELEASE = "kubernetes:helm.sh/v3:Release";
const CONFIG_FILE = "kubernetes:yaml/v2:ConfigFile";

export type Op = "create" | "update" | "delete" | "read";
/** Told of each step, and in words of what was done in place of a controller or a pod. */
export type Note = (op: Op, type: string, name: string, text?: string) => void;

export interface ProtocolArgs {
  /** Of the SDK it stands in for. */
  readonly version: string;
  readonly api: Api;
  readonly plain: PlainObjects;
  readonly releases: Releases;
  readonly manifestOf: ManifestOf;
  readonly programDir: string;
  /** File that stands for the user's own kubeconfig. */
  readonly ambientKubeconfig?: string;
  readonly note: Note;
}

/** The kubernetes double as Pulumi's engine speaks to it. */
export function kubernetesProtocol(args: ProtocolArgs): Double<KubernetesConfig> {
  const { api, plain, releases, programDir, note } = args;
  return {
    version: args.version,
    configure: (inputs) => configure(inputs, api.server, args.ambientKubeconfig),
    configReplaces: (old, now) => configReplaces(old, now, args.ambientKubeconfig),

    async check({ defaultNamespace }, request) {
      if (request.type === RELEASE) return completeRelease({ ...request, defaultNamespace, programDir });
      const { apiVersion, kind } = kindOfType(request.type);
      // A kind that is not there yet is taken for one in namespaces, as the official provider does.
      const namespaced = defaultNamespace === undefined || ((await api.kind(apiVersion, kind))?.namespaced ?? true);
      return { inputs: completeObject({ ...request, defaultNamespace, namespaced }), failures: [] };
    },

    diff: ({ mutable }, { type, old, now }) =>
      type === RELEASE ? releaseDifference(old, now) : objectDifference(old, now, mutable),

    create({ region }, { type, name, inputs, preview }) {
      return explain("creating", type, name, async () => {
        if (preview) return { id: "", outs: type === RELEASE ? plannedRelease(inputs) : await plain.plan(inputs) };
        const made = type === RELEASE ? await releases.create(inputs) : await plain.create(inputs, region);
        note("create", type, name, made.text);
        return made;
      });
    },

    update(_config, { type, name, now, state, preview }) {
      return explain("updating", type, name, async () => {
        if (preview) return type === RELEASE ? plannedRelease(now) : plain.plan(now, state);
        const made = type === RELEASE ? await releases.update(now) : { outs: await plain.update(now), text: undefined };
        note("update", type, name, made.text);
        return made.outs;
      });
    },

    read(_config, { type, name, id, state }) {
      return explain("reading", type, name, async () => {
        if (Object.keys(state).length === 0) {
          throw new Error(`the kubernetes double cannot import or get "${id}": it only refreshes what it made`);
        }
        note("read", type, name);
        return type === RELEASE ? releases.read(state) : plain.read(state);
      });
    },

    // A release's inputs are helm's to keep.
    readInputs: (inputs, state) => (inputs.chart === undefined ? liveInputs(inputs, state) : inputs),

    delete(_config, { type, name, state }) {
      return explain("deleting", type, name, async () => {
        if (type === RELEASE) await releases.remove(state);
        const played = type === RELEASE ? {} : await plain.remove(state);
        note("delete", type, name, played.text);
      });
    },

    async invoke(_config, token) {
      throw new Error(`the kubernetes double does not know the function "${token}"`);
    },

    async construct(_config, { type, name, inputs }) {
      if (type !== CONFIG_FILE) throw new Error(`the kubernetes double does not know the component type "${type}"`);
      if (holdsUnknown(inputs)) return [];
      return childrenOf(name, inputs, await args.manifestOf(text(inputs, "file")));
    },
  };
}

/** What a preview knows of a release: not what helm and the chart will add. */
const plannedRelease = (inputs: Props): Props => ({ ...inputs, status: UNKNOWN, resourceNames: UNKNOWN });

async function explain<T>(doing: string, type: string, name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(`${doing} ${type} "${name}": ${error instanceof Error ? error.message : error}`);
  }
}
