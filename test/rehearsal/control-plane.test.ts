import { execFileSync, spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type ControlPlane, kubeconfig, startApiServer, startControlPlane } from "../../rehearsal/control-plane";
import { isFree, onFreePort, PortTaken } from "../../rehearsal/ports";
import { Processes } from "../../rehearsal/processes";
import { findCrds, findingHere, findTools, type Tools } from "../../rehearsal/tools";
import { areGone, isAlive, membersOf } from "../rehearsal-core/processes-alive";

let tools: Pick<Tools, "etcd" | "kubeApiserver" | "kubectl">;
beforeAll(async () => {
  tools = await findTools(["etcd", "kubeApiserver", "kubectl"], findingHere(console.log, new AbortController().signal));
});

const dirs: string[] = [];
const started: Processes[] = [];
function newRun(): { dir: string; processes: Processes } {
  const dir = mkdtempSync(join(tmpdir(), "pilotlight-control-plane-"));
  const processes = new Processes(dir);
  dirs.push(dir);
  started.push(processes);
  return { dir, processes };
}
let said: string[];
beforeEach(() => {
  said = [];
});
afterEach(async () => {
  for (const processes of started.splice(0)) await processes.stopAll();
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

const say = (line: string) => void said.push(line);
const portOf = (url: string) => Number(new URL(url).port);
/** kubectl reads nothing but the kubeconfig it is given. */
const kubectl = (kubeconfigPath: string, ...args: string[]) =>
  execFileSync(tools.kubectl, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { KUBECONFIG: kubeconfigPath, HOME: join(kubeconfigPath, "..") },
  });

test("two at once serve one cluster each, and leave neither process nor port", async () => {
  const runs = [newRun(), newRun()];
  const planes = await Promise.all(runs.map((run) => startControlPlane({ ...run, tools, say })));
  const [first, second] = planes as [ControlPlane, ControlPlane];
  expect(first.version).toBe("v1.35.3");
  expect(said).toHaveLength(2);
  for (const line of said) expect(line).toMatch(/^kube-apiserver v1\.35\.3 and etcd answer after \d+\.\d s$/);
  for (const { kubeconfigPath } of planes) {
    const versions = JSON.parse(kubectl(kubeconfigPath, "version", "--output", "json"));
    expect(versions.serverVersion.gitVersion).toBe("v1.35.3");
    expect(versions.clientVersion.gitVersion).toBe("v1.35.2");
  }

  kubectl(first.kubeconfigPath, "create", "namespace", "only-here");
  const namespaces = (plane: ControlPlane) =>
    kubectl(plane.kubeconfigPath, "get", "namespaces", "--output", "name").trim().split("\n");
  const builtIn = ["default", "kube-node-lease", "kube-public", "kube-system"].map((name) => `namespace/${name}`);
  expect(namespaces(first).sort()).toEqual([...builtIn, "namespace/only-here"].sort());
  expect(namespaces(second).sort()).toEqual(builtIn);

  const groups = runs.flatMap(({ processes }) => processes.pids);
  expect(groups).toHaveLength(4);
  expect(groups.every(isAlive)).toBe(true);
  await first.stop();
  expect(await isFree(portOf(first.url))).toBe(true);
  expect(namespaces(second).sort()).toEqual(builtIn);
  await second.stop();
  expect(await isFree(portOf(second.url))).toBe(true);
  expect(await areGone(groups, 2000)).toBe(true);
});

test("only who has this run's token and authority gets an answer", async () => {
  const run = newRun();
  const { url, caData, token, kubeconfigPath, version } = await startControlPlane({ ...run, tools, say });
  expect(new X509Certificate(Buffer.from(caData, "base64")).ca).toBe(true);
  const as = (name: string, access: { url: string; caData: string; token: string }) => {
    const path = join(run.dir, name);
    writeFileSync(path, kubeconfig(access, name));
    return () => kubectl(path, "get", "namespaces");
  };
  expect(as("right", { url, caData, token })()).toContain("kube-system");
  expect(as("wrong-token", { url, caData, token: "admintoken" })).toThrow(/Unauthorized|must be logged in/);
  const other = await startControlPlane({ ...newRun(), tools, say });
  expect(as("wrong-authority", { url, caData: other.caData, token })).toThrow(
    "certificate signed by unknown authority",
  );
  expect(other.token).not.toBe(token);
  expect(token).toMatch(/^[0-9a-f]{48}$/);
  expect(version).toBe("v1.35.3");

  // No other user of the machine may read the token, or reach etcd, which asks for none.
  expect(statSync(kubeconfigPath).mode & 0o077).toBe(0);
  expect(statSync(join(run.dir, "control-plane")).mode & 0o077).toBe(0);
  for (const log of ["etcd.log", "kube-apiserver.log"])
    expect(readFileSync(join(run.dir, log), "utf8")).not.toContain(token);
});

test("pods are accepted without a service account, service accounts get tokens, and RBAC is on", async () => {
  const { kubeconfigPath } = await startControlPlane({ ...newRun(), tools, say });
  kubectl(kubeconfigPath, "run", "one", "--image", "registry.k8s.io/pause:3.10");
  expect(kubectl(kubeconfigPath, "get", "pods", "--output", "name")).toBe("pod/one\n");
  kubectl(kubeconfigPath, "create", "serviceaccount", "nobody");
  const token = kubectl(kubeconfigPath, "create", "token", "nobody").trim();
  const payload = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  expect(payload).toMatchObject({
    iss: "https://kubernetes.default.svc",
    sub: "system:serviceaccount:default:nobody",
  });
  const mayList = (...as: string[]) =>
    execFileSync("sh", ["-c", `${tools.kubectl} auth can-i list pods ${as.join(" ")} || true`], {
      encoding: "utf8",
      env: { PATH: process.env.PATH, KUBECONFIG: kubeconfigPath },
    }).trim();
  expect(mayList()).toBe("yes");
  expect(mayList("--as", "system:serviceaccount:default:nobody")).toBe("no");
});

test("the API server accepts every custom resource definition that the tools fetch", async () => {
  const { kubeconfigPath } = await startControlPlane({ ...newRun(), tools, say });
  const folders = await findCrds(findingHere(console.log, new AbortController().signal));
  const applied = Object.entries(folders).map(([chart, folder]) => {
    const lines = kubectl(kubeconfigPath, "apply", "--server-side", "--filename", folder).trim().split("\n");
    for (const line of lines)
      expect(line).toMatch(/^customresourcedefinition\.apiextensions\.k8s\.io\/\S+ serverside-applied$/);
    return [chart, lines.length];
  });
  expect(Object.fromEntries(applied)).toEqual({
    karpenter: 5,
    keda: 6,
    "kube-prometheus-stack": 10,
    "gpu-operator": 2,
    "aws-load-balancer-controller": 3,
    "inference-extension": 4,
  });
  kubectl(kubeconfigPath, "wait", "crd", "--all", "--for", "condition=Established", "--timeout", "30s");
});

test("a port that is taken in the last moment is told from every other failure", async () => {
  const { dir, processes } = newRun();
  const plane = await startControlPlane({ dir, processes, tools, say });
  // Another run's server: same command line, its own authority.
  const other = newRun();
  for (const file of ["service-accounts.key", "tokens.csv"])
    copyFileSync(join(dir, "control-plane", file), join(other.dir, file));
  const args = { ...other, command: tools.kubeApiserver, token: plane.token, say };
  await expect(startApiServer({ ...args, port: portOf(plane.url) })).rejects.toBeInstanceOf(PortTaken);
  const port = await onFreePort(async (free) => free);
  const missing = startApiServer({ ...args, port, command: join(dir, "nowhere") });
  await expect(missing).rejects.toThrow(
    /^kube-apiserver ended with code 127 before it was ready; .*nowhere.*not found$/s,
  );
});

test("an interrupted start ends with the interruption, and leaves nothing", async () => {
  const { dir, processes } = newRun();
  const abort = new AbortController();
  const start = startControlPlane({ dir, processes, tools, say, signal: abort.signal });
  setTimeout(() => abort.abort(new Error("enough")), 300);
  await expect(start).rejects.toThrow("enough");
  const groups = processes.pids;
  expect(groups).toHaveLength(2);
  await processes.stopAll();
  expect(await areGone(groups, 2000)).toBe(true);
});

test("SIGKILL of the process that started it leaves nothing after a few seconds", async () => {
  const { dir } = newRun();
  const script = join(__dirname, "control-plane-parent.ts");
  const parent = spawn(process.execPath, ["--import", "tsx", script, dir, tools.etcd, tools.kubeApiserver], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  parent.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  while (!out.includes("\n")) await once(parent.stdout, "data");
  const [, url = "", ...pids] = out.trim().split(" ");
  const groups = pids.map(Number);
  expect(groups).toHaveLength(2);
  // The program and the shell that guards it.
  for (const group of groups) expect(membersOf(group)).toHaveLength(2);
  expect(await isFree(portOf(url))).toBe(false);
  parent.kill("SIGKILL");
  await once(parent, "exit");
  expect(await areGone(groups, 3000)).toBe(true);
  // A killed process is listed as gone a moment before its last thread lets go of the port.
  await expect.poll(() => isFree(portOf(url)), { timeout: 2000 }).toBe(true);
});
