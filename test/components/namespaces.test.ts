import { expect, test } from "vitest";
import { InferenceNamespace } from "../../components/namespaces";
import { find, known, names, register } from "../harness";
import { creationOrder, Marker } from "../order";

const make = (after: Marker[] = []) => new InferenceNamespace("inference", { maxGpus: 6, after });

test("registers a restricted namespace and a cap on the GPUs in it", async () => {
  const seen = await register(make);
  expect(names(seen)).toEqual([
    ["kubernetes:core/v1:Namespace", "inference"],
    ["kubernetes:core/v1:ResourceQuota", "inference-gpus"],
    ["pilotlight:index:InferenceNamespace", "inference"],
  ]);
  expect(find(seen, "kubernetes:core/v1:Namespace", "inference").inputs.metadata).toEqual({
    name: "inference",
    labels: { "pod-security.kubernetes.io/enforce": "restricted" },
  });
  // Kubernetes takes a quota of an extended resource for `requests.` alone.
  expect(find(seen, "kubernetes:core/v1:ResourceQuota", "inference-gpus").inputs).toMatchObject({
    metadata: { name: "gpus", namespace: "inference" },
    spec: { hard: { "requests.nvidia.com/gpu": "6" } },
  });
});

test("its name is known, so what is put in waits for it; on destroy it is gone before its controllers are", async () => {
  expect(await known(() => make().name)).toBe("inference");
  const order = await creationOrder(() => {
    const { quota } = make([new Marker("keda")]);
    new Marker("model", [quota]);
  });
  expect(order.waits("Namespace inference", "Marker keda")).toBe(true);
  expect(order.waits("ResourceQuota inference-gpus", "Namespace inference")).toBe(true);
  expect(order.waits("Marker model", "ResourceQuota inference-gpus")).toBe(true);
});
