import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Props, text } from "../aws/table";
import type { Api } from "./api";
import { crdFolder } from "./chart-crds";
import { crdForgotten, crdServed } from "./controllers";
import { type Helm, HelmError, objectsIn } from "./helm";
import type { Objects } from "./objects";
import { chartName } from "./release-inputs";
import { until } from "./wait";

/** Files with the CRDs of a chart, by the chart's name. @throws for a chart it does not know. */
export type CrdsOf = (chart: string) => Promise<readonly string[]>;

/** One short try for each host: a rehearsal has to work without any. */
const PULL_MS = 5000;
const CRD_SECONDS = 120;

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

  /**
   * A chart of the same name and version with its CRDs and nothing else, for helm to install: whose a CRD is, and which
   * stay behind, is helm's own doing.
   */
  async withStandIn<T>(inputs: Props, dir: string, work: (chart: string, crds: number) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(dir, "stand-in-"));
    const { name, version } = { name: chartName(inputs), version: text(inputs, "version") };
    try {
      const description = "Stands in for a chart whose repository was not reachable.";
      writeJson(join(folder, "Chart.yaml"), { apiVersion: "v2", name, version, description });
      // In a chart of its own: helm's record of a release holds the files of the outermost one, and has little room.
      const inner = join(folder, "charts", "crds");
      const kept = crdFolder(name) === "crds";
      const into = join(inner, crdFolder(name));
      mkdirSync(into, { recursive: true });
      writeJson(join(inner, "Chart.yaml"), { apiVersion: "v2", name: "crds", version: "0.0.0" });
      const found = await this.crdObjects(inputs);
      for (const [index, crd] of found.entries())
        writeFileSync(join(into, `${index}.yaml`), kept ? JSON.stringify(crd) : literal(JSON.stringify(crd)));
      return await work(folder, kept && inputs.skipCrds === true ? 0 : found.length);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  private async crdObjects(inputs: Props): Promise<Props[]> {
    const files = await this.crdsOf(chartName(inputs));
    const found = files.flatMap((file) => objectsIn(readFileSync(file, "utf8")));
    return found.filter(isCrd).map(({ status: _, ...crd }) => crd);
  }

  /** The CRDs of a release that helm leaves behind when it goes. */
  async keptCrds(inputs: Props): Promise<Props[]> {
    if (inputs.skipCrds === true) return [];
    const pulled = await this.pull(inputs);
    if (pulled !== undefined) return objectsIn(await this.helm.run(["show", "crds", pulled])).filter(isCrd);
    return crdFolder(chartName(inputs)) === "crds" ? this.crdObjects(inputs) : [];
  }

  /** Waits until the server serves the CRDs of a release, which helm does for some of them. */
  async served(rendered: readonly Props[], inputs: Props): Promise<void> {
    const crds = [...rendered.filter(isCrd), ...(await this.keptCrds(inputs))];
    await Promise.all(crds.map((crd) => crdServed(this.api, crd, CRD_SECONDS)));
  }

  /** Waits until the CRDs that went with a release are gone. */
  async forgotten(rendered: readonly Props[]): Promise<void> {
    await Promise.all(
      rendered.filter(isCrd).map(async (crd) => {
        const gone = async () => ((await this.objects.get(crd)) === undefined ? true : undefined);
        if (await until(CRD_SECONDS, gone)) await crdForgotten(this.api, crd, CRD_SECONDS);
      }),
    );
  }
}

const isCrd = ({ kind }: Props) => kind === "CustomResourceDefinition";
const writeJson = (file: string, value: Props) => writeFileSync(file, JSON.stringify(value));

/** A template that renders as this text: descriptions of CRDs hold braces of their own. */
const literal = (json: string) => `{{ ${JSON.stringify(json)} }}`;
