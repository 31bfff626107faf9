import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { thirdPartyChart } from "./helm";
import { GPU_TOLERATION, SYSTEM_NODES } from "./scheduling";

/** Who installs the NVIDIA driver: the node's image, or the GPU Operator at the version named. */
export type DriverSource = { from: "ami" } | { from: "operator"; version: string };

export interface GpuDriverArgs {
  driver: DriverSource;
  /** System nodes, and the release that brings the ServiceMonitor CRD. */
  after: pulumi.Resource[];
}

const NAMESPACE = "gpu-operator";

/**
 * NVIDIA's GPU Operator: device plugin (without it a node has no GPU to request), DCGM exporter (GPU metrics) and feature
 * discovery; and the driver itself where the node image has none.
 */
export class GpuDriver extends pulumi.ComponentResource {
  readonly release: k8s.helm.v3.Release;
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: GpuDriverArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:GpuDriver", name, {}, opts);

    const namespace = new k8s.core.v1.Namespace(
      name,
      // Its daemons load kernel modules and mount the host: nothing less than privileged lets them start.
      { metadata: { name: NAMESPACE, labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
      { parent: this, dependsOn: args.after },
    );
    this.release = thirdPartyChart(
      name,
      { chart: "gpu-operator", namespace: namespace.metadata.name, values: gpuOperatorValues(args.driver) },
      { parent: this, dependsOn: args.after },
    );
    this.ready = [this.release];
    this.registerOutputs({});
  }
}

/** Values of the GPU Operator chart. */
export function gpuOperatorValues(driver: DriverSource) {
  const fromImage = driver.from === "ami";
  return {
    driver: fromImage
      ? { enabled: false }
      : {
          enabled: true,
          version: driver.version,
          // A new version reaches new nodes; one that serves keeps its driver until it is empty and gone.
          upgradePolicy: { autoUpgrade: false },
        },
    // The AL2023 image has the container toolkit set up for containerd.
    toolkit: { enabled: !fromImage },
    daemonsets: { tolerations: [GPU_TOLERATION] },
    operator: { nodeSelector: SYSTEM_NODES, resources: { requests: { cpu: "50m", memory: "128Mi" } } },
    // Slices of GPUs are not offered: a replica has whole GPUs.
    migManager: { enabled: false },
    dcgmExporter: {
      enabled: true,
      // honorLabels keeps DCGM's own pod and namespace: the pod that uses the GPU, not the exporter.
      serviceMonitor: { enabled: true, interval: "15s", honorLabels: true },
      resources: { requests: { cpu: "50m", memory: "256Mi" } },
    },
    "node-feature-discovery": {
      master: { nodeSelector: SYSTEM_NODES, resources: { requests: { cpu: "20m", memory: "64Mi" } } },
      gc: { nodeSelector: SYSTEM_NODES, resources: { requests: { cpu: "10m", memory: "32Mi" } } },
      worker: {
        tolerations: [GPU_TOLERATION],
        affinity: onGpuNodes(),
        resources: { requests: { cpu: "10m", memory: "32Mi" } },
      },
    },
  };
}

/** The label that all our GPU nodes have from their first moment; NVIDIA's own come only after discovery. */
function onGpuNodes(): k8s.types.input.core.v1.Affinity {
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "pilotlight.dev/gpu", operator: "Exists" }] }],
      },
    },
  };
}
