import type { ChartName } from "../../../components/versions";

/** Where a chart keeps its CRDs. */
type Folder = "crds" | "templates";

/**
 * Helm makes the CRDs of a `crds/` folder where they are missing, never changes them, and leaves them behind; those among
 * the templates belong to the release and go with it.
 * Source: the charts' own files at the versions of components/versions.ts.
 */
const FOLDERS: Readonly<Record<ChartName, Folder>> = {
  "aws-load-balancer-controller": "crds",
  // Its hooks that would delete them are off by default (operator.cleanupCRD).
  "gpu-operator": "crds",
  karpenter: "crds",
  "karpenter-crd": "templates",
  keda: "templates",
  "kube-prometheus-stack": "crds",
};

/** A chart that is not in the table is a test's own, with its CRDs among the templates. */
export const crdFolder = (chart: string): Folder =>
  Object.hasOwn(FOLDERS, chart) ? FOLDERS[chart as ChartName] : "templates";
