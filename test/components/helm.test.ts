import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import { expect, test } from "vitest";
import { digestOf, thirdPartyChart } from "../../components/helm";
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

test("the digest of a chart changes with a file's contents and with its name, and with nothing else", () => {
  const folder = mkdtempSync(join(tmpdir(), "pilotlight-test-"));
  try {
    mkdirSync(join(folder, "templates"));
    const file = join(folder, "templates", "a.yaml");
    writeFileSync(join(folder, "Chart.yaml"), "version: 0.1.0\n");
    writeFileSync(file, "kind: A\n");
    const before = digestOf(folder);
    writeFileSync(file, "kind: A\n");
    expect(digestOf(folder)).toBe(before);
    writeFileSync(file, "kind: B\n");
    const changed = digestOf(folder);
    expect(changed).not.toBe(before);
    renameSync(file, join(folder, "templates", "b.yaml"));
    expect(digestOf(folder)).not.toBe(changed);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
