import { describe, expect, test } from "vitest";
import { GpuDriver, gpuOperatorValues } from "../../components/gpu-driver";
import { find, names, register } from "../harness";
import { creationOrder, Marker } from "../order";

const make = (after: Marker[] = []) => new GpuDriver("gpu-driver", { driver: { from: "ami" }, after });

describe("GpuDriver", () => {
  test("registers a namespace that lets its daemons start, and the operator in it", async () => {
    const seen = await register(make);
    expect(names(seen)).toEqual([
      ["kubernetes:core/v1:Namespace", "gpu-driver"],
      ["kubernetes:helm.sh/v3:Release", "gpu-driver"],
      ["pilotlight:index:GpuDriver", "gpu-driver"],
    ]);
    expect(find(seen, "kubernetes:core/v1:Namespace", "gpu-driver").inputs.metadata).toEqual({
      name: "gpu-operator",
      labels: { "pod-security.kubernetes.io/enforce": "privileged" },
    });
    expect(find(seen, "kubernetes:helm.sh/v3:Release", "gpu-driver").inputs).toMatchObject({
      name: "gpu-operator",
      chart: "gpu-operator",
      repositoryOpts: { repo: "https://helm.ngc.nvidia.com/nvidia" },
      namespace: "gpu-operator",
      values: { driver: { enabled: false } },
    });
  });

  test("GPU nodes come after it, and it after system nodes and the ServiceMonitor kind", async () => {
    const order = await creationOrder(() => {
      const prometheus = new Marker("prometheus");
      new Marker("gpu-nodes", make([prometheus]).ready);
    });
    expect(order.waits("Marker gpu-nodes", "Release gpu-driver")).toBe(true);
    expect(order.waits("Release gpu-driver", "Namespace gpu-driver")).toBe(true);
    expect(order.waits("Release gpu-driver", "Marker prometheus")).toBe(true);
    expect(order.waits("Namespace gpu-driver", "Marker prometheus")).toBe(true);
  });
});

describe("the operator's values", () => {
  test("with the image's driver, neither driver nor toolkit is installed", () => {
    expect(gpuOperatorValues({ from: "ami" })).toMatchObject({
      driver: { enabled: false },
      toolkit: { enabled: false },
    });
  });

  test("with its own, the version given, and no node that serves is drained for a newer one", () => {
    expect(gpuOperatorValues({ from: "operator", version: "580.105.08" })).toMatchObject({
      driver: { enabled: true, version: "580.105.08", upgradePolicy: { autoUpgrade: false } },
      toolkit: { enabled: true },
    });
  });

  test("controllers stay on system nodes; daemons go to GPU nodes, past the taint, and nowhere else", () => {
    const values = gpuOperatorValues({ from: "ami" });
    const discovery = values["node-feature-discovery"];
    const system = { "pilotlight.dev/role": "system" };
    for (const { nodeSelector } of [values.operator, discovery.master, discovery.gc])
      expect(nodeSelector).toEqual(system);
    const tolerations = [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }];
    expect(values.daemonsets.tolerations).toEqual(tolerations);
    expect(discovery.worker.tolerations).toEqual(tolerations);
    expect(discovery.worker.affinity).toEqual({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: "pilotlight.dev/gpu", operator: "Exists" }] }],
        },
      },
    });
  });

  test("GPU metrics name the pod that uses the GPU; GPUs are not sliced", () => {
    expect(gpuOperatorValues({ from: "ami" })).toMatchObject({
      dcgmExporter: { enabled: true, serviceMonitor: { enabled: true, interval: "15s", honorLabels: true } },
      migManager: { enabled: false },
    });
  });
});
