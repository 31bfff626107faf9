import { UNKNOWN } from "../aws/inputs";
import { type Props, text } from "../aws/table";
import { HalfMade } from "../half-made";
import { Moments } from "../moments";
import type { Double } from "../rpc";
import { type Api, Unreachable } from "./api";
import type { CloudControllers } from "./cloud";
import { childrenOf, type ManifestOf } from "./config-file";
import { liveInputs, objectDifference } from "./diff";
import { completeObject, kindOfType } from "./inputs";
import { configReplaces, configure, type KubernetesConfig } from "./kubeconfig";
import { holdsUnknown } from "./objects";
import type { PlainObjects, Played } from "./plain";
import type { Releases } from "./release";
import { chartName, completeRelease, releaseDifference } from "./release-inputs";

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
  readonly cloud?: CloudControllers;
  readonly manifestOf: ManifestOf;
  readonly programDir: string;
  /** File that stands for the user's own kubeconfig. */
  readonly ambientKubeconfig?: string;
  readonly note: Note;
  readonly moments?: Moments;
}

/** The kubernetes double as Pulumi's engine speaks to it. */
export function kubernetesProtocol(args: ProtocolArgs): Double<KubernetesConfig> {
  const { api, plain, releases, cloud, programDir, note, moments = new Moments() } = args;
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
        const made = await moments.during({ op: "create", type, name }, () =>
          type === RELEASE ? releases.create(inputs) : plain.create(inputs, region),
        );
        if (type === RELEASE) await cloud?.controllerCame(chartName(inputs), region ?? "");
        note("create", type, name, made.text);
        return made;
      });
    },

    update(_config, { type, name, now, state, preview }) {
      return explain("updating", type, name, async () => {
        if (preview) return type === RELEASE ? plannedRelease(now) : plain.plan(now, state);
        const made = await moments.during({ op: "update", type, name }, async () =>
          type === RELEASE ? releases.update(now) : { outs: await plain.update(now), text: undefined },
        );
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
        const played: Played = await moments.during({ op: "delete", type, name }, async () => {
          if (type !== RELEASE) return plain.remove(state);
          await releases.remove(state);
          return {};
        });
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
    if (error instanceof HalfMade)
      throw new HalfMade(error.id, error.outs, `${doing} ${type} "${name}": ${error.message}`);
    if (error instanceof Unreachable) throw new Error(unreachable(doing, type, name, error));
    throw new Error(`${doing} ${type} "${name}": ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * After the official provider's words; the hint is the one that it gives at a refresh. Source: pulumi-kubernetes,
 * provider/pkg/provider/provider.go.
 */
function unreachable(doing: string, type: string, name: string, error: Unreachable): string {
  const said = `${doing} ${type} "${name}": configured Kubernetes cluster is unreachable: ${error.message}`;
  if (doing === "creating" || doing === "updating") return said;
  return `${said}. If the cluster has been deleted, you can edit the pulumi state to remove this resource or retry with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set to true`;
}
