import * as k8s from "@pulumi/kubernetes";
import { expect, test } from "vitest";
import { thirdPartyChart } from "../../components/helm";
import { find, register } from "../harness";

test("a chart from a repository and one from an OCI registry become releases at the table's version", async () => {
  const seen = await register(() => {
    const provider = new k8s.Provider("test", { kubeconfig: "{}" });
    thirdPartyChart("scaler", { chart: "keda", namespace: "keda", values: { a: 1 } }, { provider });
    thirdPartyChart(
      "nodes",
      { chart: "karpenter", namespace: "kube-system", values: {}, skipCrds: true },
      { provider },
    );
  });
  expect(find(seen, "kubernetes:helm.sh/v3:Release", "scaler").inputs).toEqual({
    name: "keda",
    chart: "keda",
    version: "2.20.2",
    repositoryOpts: { repo: "https://kedacore.github.io/charts" },
    namespace: "keda",
    values: { a: 1 },
    skipCrds: false,
    timeout: 600,
    maxHistory: 5,
    compat: "true",
  });
  expect(find(seen, "kubernetes:helm.sh/v3:Release", "nodes").inputs).toMatchObject({
    name: "karpenter",
    chart: "oci://public.ecr.aws/karpenter/karpenter",
    version: "1.14.1",
    skipCrds: true,
  });
  expect(find(seen, "kubernetes:helm.sh/v3:Release", "nodes").inputs.repositoryOpts).toBeUndefined();
});
