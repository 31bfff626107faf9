import { version } from "@pulumi/kubernetes/package.json";
import { type Served, serve } from "../rpc";
import { Api, type ApiServer } from "./api";
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
  readonly crdsOf: CrdsOf;
  readonly manifestOf: ManifestOf;
  readonly note: Note;
}

export interface KubernetesDouble extends Served {
  /** Names of the CRDs that helm has left behind on purpose. */
  keptCrds(): readonly string[];
}

/** The kubernetes provider, in front of the stage's API server. */
export async function startKubernetes(args: KubernetesArgs): Promise<KubernetesDouble> {
  const api = new Api(args.server);
  const objects = new Objects(api);
  const helm = new Helm({ binary: args.helm, server: args.server, dir: args.dir });
  const thirdParty = new ThirdPartyCharts(api, objects, helm, args.crdsOf, args.chartCache);
  const releases = new Releases({ helm, objects, thirdParty, programDir: args.programDir, dir: args.dir });
  const served = await serve(
    kubernetesProtocol({
      ...args,
      version,
      api,
      plain: new PlainObjects(api, objects, args.controllersRun ?? false),
      releases,
    }),
  );
  return {
    port: served.port,
    keptCrds: () => releases.keptCrds,
    close: async () => {
      await served.close();
      api.close();
    },
  };
}
