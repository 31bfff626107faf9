import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Props, props, text } from "../aws/table";
import type { Api } from "./api";
import { crdForgotten, crdServed, crds } from "./controllers";
import { type Helm, HelmError, objectsIn } from "./helm";
import type { Objects } from "./objects";
import { chartName } from "./release-inputs";

/** Files with the CRDs of a chart, by the chart's name. @throws for a chart it does not know. */
export type CrdsOf = (chart: string) => Promise<readonly string[]>;

/** One short try for each host: a rehearsal has to work without any. */
const PULL_MS = 5000;
const CRD_SECONDS = 30;

/** Helm's own marks of what belongs to which release. */
const owner = (name: string, namespace: string) => ({
  "meta.helm.sh/release-name": name,
  "meta.helm.sh/release-namespace": namespace,
});

/** Charts of others: the real one where it can be had, else its CRDs. */
export class ThirdPartyCharts {
  private readonly unreachable = new Set<string>();

  constructor(
    private readonly api: Api,
    private readonly objects: Objects,
    private readonly helm: Helm,
    private readonly crdsOf: CrdsOf,
    /** Where pulled charts are kept. */
    private readonly cacheDir: string,
  ) {}

  /** File of the real chart, or nothing where its repository cannot be reached. */
  async pull(inputs: Props): Promise<string | undefined> {
    const file = join(this.cacheDir, `${chartName(inputs)}-${text(inputs, "version")}.tgz`);
    if (existsSync(file)) return file;
    const repo = text(inputs, "repositoryOpts.repo");
    const { host } = new URL(repo || text(inputs, "chart"));
    if (this.unreachable.has(host)) return undefined;
    mkdirSync(this.cacheDir, { recursive: true });
    const from = repo === "" ? [] : ["--repo", repo];
    const args = ["pull", text(inputs, "chart"), ...from, "--version", text(inputs, "version"), "-d", this.cacheDir];
    try {
      await this.helm.run(args, PULL_MS);
    } catch (error) {
      if (!(error instanceof HelmError)) throw error;
      // The repository answers, and has no such chart: that is no lack of a network.
      if (!error.timedOut && /not found in .* (repository|index)|no chart (name|version) found/.test(error.message))
        throw error;
      this.unreachable.add(host);
      return undefined;
    }
    if (existsSync(file)) return file;
    throw new Error(`helm pulled ${text(inputs, "chart")}, but there is no ${file}`);
  }

  /** Applies the CRDs of a chart and takes away those it no longer has. Returns how many there are. */
  async applyCrds(inputs: Props): Promise<number> {
    const wanted = await this.crdObjects(inputs);
    const mine = owner(text(inputs, "name"), text(inputs, "namespace"));
    await Promise.all(
      wanted.map(async (crd) => {
        const metadata = props(crd.metadata);
        const labels = { ...props(metadata.labels), "app.kubernetes.io/managed-by": "Helm" };
        const annotations = { ...props(metadata.annotations), ...mine };
        const owned = { ...crd, metadata: { ...metadata, labels, annotations } };
        // Without force: two releases that bring the same CRD are a mistake.
        const manager = `helm-${text(inputs, "namespace")}-${text(inputs, "name")}`;
        await this.objects.apply(owned, { manager });
        await crdServed(this.api, crd, CRD_SECONDS);
      }),
    );
    await this.removeCrds(inputs, new Set(wanted.map((crd) => text(crd, "metadata.name"))));
    return wanted.length;
  }

  private async crdObjects(inputs: Props): Promise<Props[]> {
    if (inputs.skipCrds === true) return [];
    const files = await this.crdsOf(chartName(inputs));
    const found = files.flatMap((file) => objectsIn(readFileSync(file, "utf8")));
    return found.filter(({ kind }) => kind === "CustomResourceDefinition").map(({ status: _, ...crd }) => crd);
  }

  /** Takes away the CRDs that a release brought, but for those to keep. */
  async removeCrds(inputs: Props, keep: ReadonlySet<string> = new Set()): Promise<void> {
    const mine = Object.entries(owner(text(inputs, "name"), text(inputs, "namespace")));
    const gone = (await crds(this.api)).filter(({ metadata }) => {
      const annotations = props(props(metadata).annotations);
      return mine.every(([key, value]) => annotations[key] === value) && !keep.has(text(metadata, "name"));
    });
    await Promise.all(
      gone.map(async (crd) => {
        const object = { ...crd, apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };
        await this.objects.remove(object);
        const group = text(crd, "metadata.name").split(".").slice(1).join(".");
        await crdForgotten(this.api, { spec: { group } }, CRD_SECONDS);
      }),
    );
  }

  /** A chart of the same name and version with nothing in it, so that helm keeps its record of the release. */
  async withStandIn<T>(inputs: Props, dir: string, work: (chart: string) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(dir, "stand-in-"));
    const { name, version } = { name: chartName(inputs), version: text(inputs, "version") };
    const description = "Stands in for a chart whose repository was not reachable.";
    try {
      writeFileSync(join(folder, "Chart.yaml"), JSON.stringify({ apiVersion: "v2", name, version, description }));
      return await work(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}
