import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

export interface InferenceNamespaceArgs {
  /** GPUs that all models together may request: the sum of the pools' limits. */
  maxGpus: number;
  /** Labels beside the kit's own. */
  labels?: Readonly<Record<string, string>>;
  /** Controllers with a finalizer on what is put in here: the namespace is gone before any of them is. */
  after: pulumi.Resource[];
}

/** Name of the namespace that a stack makes; scripts look for the gateway there. */
export const INFERENCE_NAMESPACE = "inference";

/** Where models and gateway live: one namespace that no pod enters with more than ordinary rights, and a cap on its GPUs. */
export class InferenceNamespace extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;
  readonly quota: k8s.core.v1.ResourceQuota;

  constructor(name: string, args: InferenceNamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:InferenceNamespace", name, {}, opts);

    const namespace = new k8s.core.v1.Namespace(
      name,
      { metadata: { name, labels: { ...args.labels, "pod-security.kubernetes.io/enforce": "restricted" } } },
      { parent: this, dependsOn: args.after },
    );
    // Karpenter's limit holds for each pool and can be overrun while claims are in flight; this one holds for the sum.
    this.quota = new k8s.core.v1.ResourceQuota(
      `${name}-gpus`,
      {
        metadata: { name: "gpus", namespace: namespace.metadata.name },
        spec: { hard: { "requests.nvidia.com/gpu": `${args.maxGpus}` } },
      },
      { parent: this },
    );
    this.name = namespace.metadata.name;
    this.registerOutputs({});
  }
}
