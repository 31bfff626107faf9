import { version } from "@pulumi/kubernetes/package.json";
import type { Account } from "../aws/account";
import type { Props } from "../aws/table";
import type { Moments } from "../moments";
import { type Served, serve } from "../rpc";
import { Api, type ApiServer } from "./api";
import { CloudControllers } from "./cloud";
import type { ManifestOf } from "./config-file";
import { Helm } from "./helm";
import { Objects } from "./objects";
import { PlainObjects } from "./plain";
import { kubernetesProtocol, type Note } from "./protocol";
import { Releases } from "./release";
import { type CrdsOf, ThirdPartyCharts } from "./third-party";

export type { ApiServer } from "./api";
export type { ManifestOf } from "./config-file";
export type { Note, Op } from "./protocol";
export type { CrdsOf } from "./third-party";

export interface KubernetesArgs {
  readonly server: ApiServer;
  /** helm 4. */
  readonly helm: string;
  /** Folder of this run, for helm's files; whoever made it removes it. */
  readonly dir: string;
  /** Where charts that could be pulled are kept between runs. */
  readonly chartCache: string;
  /** Folder of the program's `main`, where the engine starts the official provider: relative chart paths start here. */
  readonly programDir: string;
  /** File that stands for the user's own kubeconfig; KUBECONFIG where left out. */
  readonly ambientKubeconfig?: string;
  /** Whether Kubernetes' own controllers run beside the API server. */
  readonly controllersRun?: boolean;
  /** Where controllers make load balancers and nodes; without it, or where controllers run, none is played. */
  readonly account?: Account;
  readonly crdsOf: CrdsOf;
  readonly manifestOf: ManifestOf;
  readonly note: Note;
  /** Told of each step's beginning and end, where faults come. */
  readonly moments?: Moments;
}

export interface KubernetesDouble extends Served {
  /** Names of the CRDs that helm has left behind on purpose. */
  keptCrds(): readonly string[];
  /** What plays the controllers that make things in AWS. */
  readonly cloud?: CloudControllers;
  /** Somebody uninstalls a chart's release by hand. */
  uninstallByHand(chart: string, namespace: string): Promise<void>;
  /** Somebody deletes an object by hand. */
  deleteByHand(object: Props): Promise<void>;
}

/** The kubernetes provider, in front of the stage's API server. */
export async function startKubernetes(args: KubernetesArgs): Promise<KubernetesDouble> {
  const api = new Api(args.server);
  const objects = new Objects(api);
  const helm = new Helm({ binary: args.helm, server: args.server, dir: args.dir });
  const thirdParty = new ThirdPartyCharts(api, objects, helm, args.crdsOf, args.chartCache);
  const releases = new Releases({ helm, objects, thirdParty, programDir: args.programDir, dir: args.dir });
  const { account, controllersRun = false } = args;
  const cloud = account && !controllersRun ? new CloudControllers({ api, objects, releases, account }) : undefined;
  const plain = new PlainObjects(api, objects, controllersRun, cloud);
  const served = await serve(
    kubernetesProtocol({
      ...args,
      version,
      api,
      plain,
      releases,
      cloud,
    }),
  );
  return {
    port: served.port,
    keptCrds: () => releases.keptCrds,
    cloud,
    deleteByHand: async (object) => void (await plain.remove(object)),
    uninstallByHand: (chart, namespace) => releases.uninstallByHand(chart, namespace),
    close: async () => {
      await served.close();
      api.close();
    },
  };
}
