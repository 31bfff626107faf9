import { expect, test } from "vitest";
import { amis, charts, eksAddons, imageRef, images, manifests, nodeGroupRelease } from "../../components/versions";
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
  // A commit, since neither the engine nor its providers check a digest of what they fetch.
  expect(manifests.inferenceExtension.url).toMatch(
    /^https:\/\/raw\.githubusercontent\.com\/[\w-]+\/[\w-]+\/[0-9a-f]{40}\/config\/crd\/bases\//,
  );
});

test("a chart has a repository, or is an OCI reference", () => {
  for (const [name, row] of Object.entries(charts)) {
    expect(row.chart.startsWith("oci://"), name).toBe(!("repo" in row));
  }
});

test("every Kubernetes version that a stack may name has a row of addons, and an image release", () => {
  const known = Object.keys(EKS_STANDARD_SUPPORT_ENDS).sort();
  expect(Object.keys(eksAddons).sort()).toEqual(known);
  for (const kubernetes of known)
    expect(nodeGroupRelease(amis.al2023.release, kubernetes)).toMatch(
      new RegExp(`^${kubernetes}\\.\\d+-${amis.al2023.release.slice(1)}$`),
    );
  for (const addons of Object.values(eksAddons)) {
    expect(Object.keys(addons).sort()).toEqual(["coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"]);
    for (const version of Object.values(addons)) expect(version).toMatch(/^v\d+\.\d+\.\d+-eksbuild\.\d+$/);
  }
});

test("an image is named by digest where there is one", () => {
  const image = { repository: "docker.io/a/b", tag: "v1.2.3", source: "a/b", why: "because" };
  expect(imageRef(image)).toBe("docker.io/a/b:v1.2.3");
  expect(imageRef({ ...image, digest: "sha256:00" })).toBe("docker.io/a/b:v1.2.3@sha256:00");
});
