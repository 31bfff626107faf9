import { type Props, props, text } from "../aws/table";
import { type Helm, HelmError, objectsIn } from "./helm";
import type { Objects } from "./objects";
import type { Played } from "./plain";
import { chartFolder, chartName, isThirdParty } from "./release-inputs";
import { demandStrict, resourceNames } from "./strict";
import type { ThirdPartyCharts } from "./third-party";

/** Kinds that hand the API server's own work to a pod: with no pod to answer they would block it. */
const ANSWERED_BY_PODS = new Set(["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService"]);

export interface ReleasesArgs {
  readonly helm: Helm;
  readonly objects: Objects;
  readonly thirdParty: ThirdPartyCharts;
  /** Folder that relative chart paths start from. */
  readonly programDir: string;
  /** Folder of this run. */
  readonly dir: string;
}

/** The life of a Helm release. Nothing is waited for: no pod runs. */
export class Releases {
  private readonly kept = new Set<string>();
  /** Values of what runs, by chart. */
  private readonly running = new Map<string, Props>();

  constructor(private readonly args: ReleasesArgs) {}

  /** Names of the CRDs that helm has left behind, as it does with those of a chart's `crds/` folder. */
  get keptCrds(): readonly string[] {
    return [...this.kept].sort();
  }

  /** Values of a chart's release, or nothing where none is there. */
  valuesOf(chart: string): Props | undefined {
    return this.running.get(chart);
  }

  /** Somebody uninstalls a chart's release by hand. */
  async uninstallByHand(chart: string, namespace: string): Promise<void> {
    await this.args.helm.run(["uninstall", chart, "--namespace", namespace]);
    this.running.delete(chart);
  }

  async create(inputs: Props): Promise<{ id: string; outs: Props } & Played> {
    const { outs, text: played } = await this.apply(inputs, "install");
    this.running.set(chartName(inputs), props(inputs.values));
    return { id: idOf(inputs), outs, text: played };
  }

  async update(inputs: Props): Promise<{ outs: Props } & Played> {
    const done = await this.apply(inputs, "upgrade");
    this.running.set(chartName(inputs), props(inputs.values));
    return done;
  }

  /** The state as helm has it now, or nothing when the release is gone. */
  async read(state: Props): Promise<Props | undefined> {
    try {
      const found = JSON.parse(await this.args.helm.run(["status", ...place(state), "-o", "json"]));
      // The official provider adds the chart's part of the status, which does not change by itself.
      const { status, revision } = statusOf(found);
      return { ...state, status: { ...props(state.status), status, revision } };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async remove(state: Props): Promise<void> {
    const { helm, thirdParty } = this.args;
    const rendered = isThirdParty(state) ? await this.manifestOf(state) : [];
    await helm.run(["uninstall", ...place(state), "--ignore-not-found"]);
    this.running.delete(chartName(state));
    if (!isThirdParty(state)) return;
    await thirdParty.forgotten(rendered);
    for (const crd of await thirdParty.keptCrds(state)) this.kept.add(text(crd, "metadata.name"));
  }

  private async manifestOf(state: Props): Promise<Props[]> {
    try {
      return objectsIn(await this.args.helm.run(["get", "manifest", ...place(state)]));
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  }

  private async apply(inputs: Props, verb: "install" | "upgrade"): Promise<{ outs: Props } & Played> {
    const { thirdParty, programDir, dir } = this.args;
    if (!isThirdParty(inputs)) {
      const chart = chartFolder(programDir, text(inputs, "chart"));
      await this.demandValid(inputs, verb, chart);
      return { outs: (await this.helmRun(inputs, verb, chart)).outs };
    }
    const pulled = await thirdParty.pull(inputs);
    if (pulled !== undefined) return this.real(inputs, verb, pulled);

    return thirdParty.withStandIn(inputs, dir, async (chart, crds) => {
      const { outs, rendered } = await this.helmRun(inputs, verb, chart);
      await thirdParty.served(rendered, inputs);
      return { outs, text: `${standIn(crds)}; chart repository not reachable` };
    });
  }

  /**
   * The real chart, without what only its pods could answer. Its objects are not judged beforehand: kinds that it brings
   * itself are not there yet.
   */
  private async real(inputs: Props, verb: "install" | "upgrade", chart: string): Promise<{ outs: Props } & Played> {
    const { outs, rendered } = await this.helmRun(inputs, verb, chart, ["--no-hooks"]);
    const mute = rendered.filter(({ kind }) => ANSWERED_BY_PODS.has(String(kind)));
    for (const object of mute) await this.args.objects.remove(object);
    await this.args.thirdParty.served(rendered, inputs);
    const without = mute.length === 0 ? "" : `, ${mute.length} webhooks and API services taken out`;
    return { outs, text: `the real chart, without pods and hooks${without}` };
  }

  /** Renders with the API server at hand and has it judge every object. */
  private async demandValid(inputs: Props, verb: "install" | "upgrade", chart: string): Promise<void> {
    const { helm, objects } = this.args;
    const upgrade = verb === "upgrade" ? ["--is-upgrade"] : [];
    const manifest = await helm.withValues(props(inputs.values), (values) =>
      helm.run(["template", ...place(inputs), chart, "--values", values, "--dry-run=server", ...upgrade].flat()),
    );
    await demandStrict(objects, objectsIn(manifest), text(inputs, "namespace"));
  }

  private async helmRun(inputs: Props, verb: "install" | "upgrade", chart: string, flags: readonly string[] = []) {
    const { helm } = this.args;
    const more = [
      ...(inputs.skipCrds === true ? ["--skip-crds"] : []),
      ...(inputs.timeout === undefined ? [] : ["--timeout", `${inputs.timeout}s`]),
      ...(inputs.description === undefined ? [] : ["--description", text(inputs, "description")]),
      ...(verb === "upgrade" ? ["--history-max", String(inputs.maxHistory ?? 0)] : []),
      ...(verb === "install" && inputs.createNamespace === true ? ["--create-namespace"] : []),
    ];
    const answer = await helm.withValues(props(inputs.values), (values) =>
      helm
        .run([verb, ...place(inputs), chart, "--values", values, "--output", "json", ...more, ...flags])
        .catch((error: unknown) => this.takeBack(inputs, verb, error)),
    );
    const made = JSON.parse(answer);
    const rendered = objectsIn(text(made, "manifest"));
    return { outs: { ...inputs, status: statusOf(made), resourceNames: resourceNames(rendered) }, rendered };
  }

  /** A release that failed to install is taken away again: the engine would not know of it. */
  private async takeBack(inputs: Props, verb: "install" | "upgrade", error: unknown): Promise<never> {
    const ours = !(error instanceof Error && error.message.includes("cannot reuse a name"));
    if (verb === "install" && ours) {
      await this.args.helm.run(["uninstall", ...place(inputs), "--ignore-not-found"]).catch(() => undefined);
    }
    throw error;
  }
}

const isNotFound = (error: unknown) => error instanceof HelmError && error.message.includes("release: not found");

function standIn(crds: number): string {
  if (crds === 0) return "only recorded, as it brings no CRDs";
  return `installed as its ${crds} ${crds === 1 ? "CRD" : "CRDs"}`;
}

const place = (inputs: Props) => [text(inputs, "name"), "--namespace", text(inputs, "namespace")];
const idOf = (inputs: Props) => `${text(inputs, "namespace")}/${text(inputs, "name")}`;

/** Helm's record of a release as the output `status`. */
function statusOf(made: Props) {
  const chart = props(props(made.chart).metadata);
  return {
    name: text(made, "name"),
    namespace: text(made, "namespace"),
    chart: text(chart, "name"),
    version: text(chart, "version"),
    appVersion: text(chart, "appVersion"),
    revision: Number(made.version),
    status: text(made, "info.status"),
  };
}
