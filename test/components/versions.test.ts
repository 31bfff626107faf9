import { expect, test } from "vitest";
import { amis, charts, eksAddons, imageRef, images, manifests } from "../../components/versions";
import { EKS_STANDARD_SUPPORT_ENDS } from "../../planner/kubernetes-versions";

const rows = [
  ...Object.entries(charts),
  ...Object.entries(images),
  ...Object.entries(manifests),
  ["amis.al2023", amis.al2023] as const,
  ["amis.ubuntu", amis.ubuntu] as const,
];

test("every row says where it was read and why it is this version", () => {
  for (const [name, row] of rows) {
    expect(row.source, name).toMatch(/\w+\/[\w.-]+/);
    expect(row.why.length, name).toBeGreaterThan(20);
  }
});

test("every version is one version: no range, no moving tag", () => {
  const versions = [
    ...Object.values(charts).map(({ version }) => version),
    ...Object.values(images).map(({ tag }) => tag.replace("distroless-", "")),
    manifests.inferenceExtension.version,
  ];
  for (const version of versions) expect(version).toMatch(/^v?\d+\.\d+\.\d+$/);
  expect(amis.al2023.release).toMatch(/^v\d{8}$/);
});

test("controller and CRDs of Karpenter move together, and so do picker and its CRDs", () => {
  expect(charts["karpenter-crd"].version).toBe(charts.karpenter.version);
  expect(manifests.inferenceExtension.version).toBe(images.epp.tag);
  expect(manifests.inferenceExtension.url).toContain(`/download/${images.epp.tag}/`);
});

test("a chart has a repository, or is an OCI reference", () => {
  for (const [name, row] of Object.entries(charts)) {
    expect(row.chart.startsWith("oci://"), name).toBe(!("repo" in row));
  }
});

test("every Kubernetes version that a stack may name has a row of addons, and an image release for steady nodes", () => {
  const known = Object.keys(EKS_STANDARD_SUPPORT_ENDS).sort();
  expect(Object.keys(eksAddons).sort()).toEqual(known);
  expect(Object.keys(amis.al2023.managed[amis.al2023.release] ?? {}).sort()).toEqual(known);
  expect(Object.keys(eksAddons["1.35"] ?? {}).sort()).toEqual([
    "coredns",
    "eks-pod-identity-agent",
    "kube-proxy",
    "vpc-cni",
  ]);
});

test("an image is named by digest where there is one", () => {
  const image = { repository: "docker.io/a/b", tag: "v1.2.3", source: "a/b", why: "because" };
  expect(imageRef(image)).toBe("docker.io/a/b:v1.2.3");
  expect(imageRef({ ...image, digest: "sha256:00" })).toBe("docker.io/a/b:v1.2.3@sha256:00");
});
