import * as k8s from "@pulumi/kubernetes";
import { expect, test } from "vitest";
import { InferenceCrds } from "../../components/inference-crds";
import { manifests } from "../../components/versions";
import { find, names, register } from "../harness";
import { creationOrder, Marker } from "../order";

test("registers the release's manifest, at the pinned address", async () => {
  const seen = await register(() => new InferenceCrds("crds"));
  expect(names(seen)).toEqual([
    ["kubernetes:yaml/v2:ConfigFile", "crds"],
    ["pilotlight:index:InferenceCrds", "crds"],
  ]);
  expect(find(seen, "kubernetes:yaml/v2:ConfigFile", "crds").inputs).toEqual({
    file: manifests.inferenceExtension.url,
  });
});

test("goes to the cluster of the provider given; what uses the kind comes after it", async () => {
  const order = await creationOrder(() => {
    const provider = new k8s.Provider("cluster", { kubeconfig: "{}" });
    new Marker("model", new InferenceCrds("crds", { providers: [provider] }).ready);
  });
  expect(order.waits("ConfigFile crds", "kubernetes cluster")).toBe(true);
  expect(order.waits("Marker model", "ConfigFile crds")).toBe(true);
});
