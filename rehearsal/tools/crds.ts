import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runToEnd } from "../processes";
import { ensure, isComplete, keyOf } from "./cache";
import { took, whileWaiting } from "./clock";
import { demandGo, goEnvironment } from "./go";
import type { Finding } from "./index";
import { MODULES } from "./table";

/** Where a project keeps its custom resource definitions: a folder of its Go module, pinned in tools/crds. */
interface CrdSource {
  readonly module: string;
  readonly folder: string;
}

/** Named like the charts whose definitions they are; the versions stand in tools/crds/go.mod, each with its reason. */
export const CRDS = {
  karpenter: { module: "github.com/aws/karpenter-provider-aws", folder: "pkg/apis/crds" },
  keda: { module: "github.com/kedacore/keda/v2", folder: "config/crd/bases" },
  "kube-prometheus-stack": {
    module: "github.com/prometheus-operator/prometheus-operator",
    folder: "example/prometheus-operator-crd",
  },
  "gpu-operator": { module: "github.com/NVIDIA/gpu-operator", folder: "config/crd/bases" },
  "aws-load-balancer-controller": { module: "sigs.k8s.io/aws-load-balancer-controller", folder: "config/crd/bases" },
  "inference-extension": { module: "sigs.k8s.io/gateway-api-inference-extension", folder: "config/crd/bases" },
} as const satisfies Record<string, CrdSource>;

export type CrdName = keyof typeof CRDS;

/** A module as `go mod download -json` tells of it. */
interface Module {
  readonly Path: string;
  readonly Version: string;
  readonly Sum?: string;
  readonly Dir?: string;
}

const MODULE = join(MODULES, "crds");

/** Versions by module, of a go.mod whose requirements stand in one block. */
export function requirements(goMod: string): Record<string, string> {
  const block = /^require \(\n(.*?)^\)/ms.exec(goMod)?.[1] ?? "";
  const rows = [...block.matchAll(/^\t(\S+) (v\S+)$/gm)].map(([, path = "", version = ""]) => [path, version]);
  return Object.fromEntries(rows);
}

/**
 * The modules of go's answer, one JSON object after the other.
 * @throws Error if one of them is not what go.sum says. go compares too, but takes a module that go.sum lacks.
 */
export function verified(answer: string, goSum: string): Module[] {
  // Between them stand go's lines about what it downloads.
  const modules = (answer.match(/^\{\n(?:\t.*\n)+\}$/gm) ?? []).map((text) => JSON.parse(text) as Module);
  const sums = new Set(goSum.split("\n"));
  for (const { Path, Version, Sum } of modules)
    if (!sums.has(`${Path} ${Version} ${Sum}`))
      throw new Error(`module ${Path} ${Version} has the hash ${Sum}, which is not in tools/crds/go.sum`);
  return modules;
}

/**
 * The custom resource definitions of the charts that the stacks install.
 * @returns for each chart a folder of YAML files in the cache.
 */
export async function findCrds({ cache, say, signal }: Finding): Promise<Record<CrdName, string>> {
  const started = Date.now();
  const goMod = readFileSync(join(MODULE, "go.mod"), "utf8");
  const goSum = readFileSync(join(MODULE, "go.sum"), "utf8");
  const folder = join(cache, "crds", keyOf(goMod, goSum, JSON.stringify(CRDS)));
  const there = isComplete(folder);
  const versions = requirements(goMod);
  const fill = async () => {
    await demandGo("crds", "to fetch custom resource definitions, which are read from their Go modules");
    say(`custom resource definitions: fetching ${Object.keys(CRDS).length} Go modules (usually about 10 s)`);
    const log = `${folder}.log`;
    rmSync(log, { force: true });
    // On a copy: go writes into go.mod what it thinks is missing there.
    const module = join(folder, "module");
    mkdirSync(module);
    for (const file of ["go.mod", "go.sum"]) copyFileSync(join(MODULE, file), join(module, file));
    const wanted = Object.entries(versions).map(([path, version]) => `${path}@${version}`);
    const go = { name: "go mod download", command: "go", args: ["mod", "download", "-json", ...wanted], log };
    await whileWaiting(
      (soFar) => `custom resource definitions: fetching, ${soFar} so far`,
      say,
      () => runToEnd({ ...go, cwd: module, env: goEnvironment(folder) }, signal),
    );
    const modules = verified(readFileSync(log, "utf8"), goSum);
    for (const [name, source] of Object.entries(CRDS)) copy(modules, source, join(folder, name));
  };
  const onWait = (pid: string) => say(`custom resource definitions: process ${pid} is fetching them; waiting for it`);
  await ensure({ folder, fill, onWait, signal });
  const from = there ? "in the cache" : "from Go modules, pinned in tools/crds";
  say(`custom resource definitions of ${Object.keys(CRDS).length} charts: ${from}, ${took(Date.now() - started)}`);
  return Object.fromEntries(Object.keys(CRDS).map((name) => [name, join(folder, name)])) as Record<CrdName, string>;
}

function copy(modules: readonly Module[], { module, folder }: CrdSource, to: string): void {
  const dir = modules.find(({ Path }) => Path === module)?.Dir;
  if (dir === undefined) throw new Error(`tools/crds/go.mod has no module ${module}`);
  mkdirSync(to);
  const files = readdirSync(join(dir, folder)).filter(
    (file) => file.endsWith(".yaml") && file !== "kustomization.yaml",
  );
  if (files.length === 0) throw new Error(`module ${module} has no YAML file in ${folder}`);
  for (const file of files) copyFileSync(join(dir, folder, file), join(to, file));
}
