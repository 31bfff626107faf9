import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PulumiCommand } from "@pulumi/pulumi/automation";
import { ApiObjects } from "../../rehearsal/api-objects";
import { type ControlPlane, startControlPlane } from "../../rehearsal/control-plane";
import { Processes } from "../../rehearsal/processes";
import { installed } from "../../rehearsal/workspace";
import { tools } from "./aws-stage";

export interface KubernetesStage {
  readonly dir: string;
  readonly api: ControlPlane;
  readonly helm: string;
  /** The CLI, for the Automation API. */
  readonly pulumiCommand: PulumiCommand;
  readonly objects: ApiObjects;
  stop(): Promise<void>;
}

/** A real API server for this test alone, and the real helm. */
export async function startKubernetesStage(): Promise<KubernetesStage> {
  const dir = mkdtempSync(join(tmpdir(), "pilotlight-kubernetes-"));
  const logs = join(dir, "logs");
  mkdirSync(logs);
  const processes = new Processes(logs);
  try {
    const found = await tools("etcd", "kubeApiserver", "helm", "kubectl", "pulumi");
    const api = await startControlPlane({ dir, tools: found, processes, say: () => {} });
    const { helm, kubectl } = found;
    const pulumiCommand = await installed(found.pulumi, dir);
    const stop = async () => {
      await processes.stopAll();
      rmSync(dir, { recursive: true });
    };
    return { dir, api, helm, pulumiCommand, objects: new ApiObjects(kubectl, api.kubeconfigPath), stop };
  } catch (error) {
    await processes.stopAll();
    rmSync(dir, { recursive: true });
    throw error;
  }
}

/** A CRD of our own making with one known field, `spec.size`. */
export function crd(kind: string, group = "example.test") {
  const plural = `${kind.toLowerCase()}s`;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
            },
          },
        },
      ],
    },
  };
}

/** A chart with a Secret and a ConfigMap. @param field one more field of the ConfigMap, known or not. */
export function writeChart(folder: string, version: string, field = "immutable: false"): void {
  mkdirSync(join(folder, "templates"), { recursive: true });
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write("Chart.yaml", `apiVersion: v2\nname: local\nversion: ${version}\nappVersion: "9"\n`);
  write("values.yaml", "size: 1\npassword: none\n");
  write(
    "templates/secret.yaml",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: {{ .Release.Name }}}\nstringData: {password: {{ .Values.password }}}\n",
  );
  write(
    "templates/configmap.yaml",
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n${field}\ndata: {size: {{ .Values.size | quote }}}\n`,
  );
}
