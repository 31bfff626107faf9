import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { stringify } from "yaml";
import { onFreePort, PortTaken } from "./ports";
import { ProcessError, type Processes, type Running } from "./processes";

/** It starts in 3 s; a cold disk and a busy machine may need much more. */
const PATIENCE_MS = 120_000;
const SAY_EVERY_MS = 5000;

/** What a client needs to speak to the API server as its administrator. */
export interface ApiAccess {
  readonly url: string;
  /** Certificate authority, PEM in base64: `certificate-authority-data` of a kubeconfig, and what EKS calls the CA. */
  readonly caData: string;
  readonly token: string;
}

export interface ControlPlane extends ApiAccess {
  readonly kubeconfigPath: string;
  /** As the server reports it, for example `v1.35.3`. */
  readonly version: string;
  /** Ends the API server alone, at once; nothing answers at its address until `resume`. */
  pause(): Promise<void>;
  /** Starts it again at the same address, with all that it held. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

export interface ControlPlaneArgs {
  /** Folder of the run, which no other run uses. */
  readonly dir: string;
  readonly tools: { readonly etcd: string; readonly kubeApiserver: string };
  /** Address that the API server listens on. @default 127.0.0.1 */
  readonly address?: string;
  /** More flags of the API server. */
  readonly flags?: readonly string[];
  readonly processes: Processes;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** etcd and kube-apiserver for this run alone; nothing of them is reachable but through a port on 127.0.0.1 with a token. */
export async function startControlPlane({
  dir: run,
  tools,
  address = "127.0.0.1",
  flags = [],
  processes,
  say,
  signal,
}: ControlPlaneArgs): Promise<ControlPlane> {
  const started = Date.now();
  const dir = join(run, "control-plane");
  const token = randomBytes(24).toString("hex");
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeKeys(dir, token);
  const etcd = processes.start({ name: "etcd", command: tools.etcd, args: ETCD_FLAGS, cwd: dir, graceMs: 0 });
  const startAt = (port: number) =>
    startApiServer({ dir, port, address, flags, token, command: tools.kubeApiserver, etcd, processes, say, signal });
  let server = await onFreePort(startAt);
  if (etcd.hasEnded) throw etcd.error("ended");
  const access: ApiAccess = { url: server.url, caData: server.caData, token };
  const kubeconfigPath = join(dir, "kubeconfig");
  writeFileSync(kubeconfigPath, kubeconfig(access), { mode: 0o600 });
  const version = (JSON.parse((await ask(access, "/version")).body) as { gitVersion: string }).gitVersion;
  say(`kube-apiserver ${version} and etcd answer after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  const pause = () => server.running.stop();
  const resume = async () => {
    if (server.running.hasEnded) server = await startAt(Number(new URL(access.url).port));
  };
  const stop = async () => {
    await server.running.stop();
    await etcd.stop();
  };
  return { ...access, kubeconfigPath, version, pause, resume, stop };
}

/*
 * etcd listens on sockets in the run's folder: no port to collide, and no way in for another user of the machine, since
 * it asks for no password. The names are relative because a socket's path may have 107 characters at most; etcd asks
 * for a port even there, and it becomes part of the file's name.
 */
const CLIENTS = "unix://etcd.sock:0";
const PEERS = "unix://peer.sock:0";
const ETCD_FLAGS = [
  ...["--data-dir", "etcd", "--name", "rehearsal", "--log-level", "warn"],
  ...["--listen-client-urls", CLIENTS, "--advertise-client-urls", CLIENTS],
  ...["--listen-peer-urls", PEERS, "--initial-advertise-peer-urls", PEERS, "--initial-cluster", `rehearsal=${PEERS}`],
  // The data is thrown away with the run: nothing needs to reach the disk.
  "--unsafe-no-fsync",
];

const apiServerFlags = (address: string, port: number): string[] => [
  ...["--etcd-servers", CLIENTS, "--bind-address", address, "--secure-port", String(port)],
  // Without files it makes a certificate authority, and a certificate for its bind address, into this folder.
  ...["--cert-dir", "pki"],
  ...["--token-auth-file", "tokens.csv", "--authorization-mode", "RBAC", "--anonymous-auth=false"],
  ...["--service-account-issuer", "https://kubernetes.default.svc"],
  ...["--service-account-signing-key-file", "service-accounts.key"],
  ...["--service-account-key-file", "service-accounts.key"],
  ...["--service-cluster-ip-range", "10.96.0.0/16", "--allow-privileged=true"],
  // Kinds come and go with their CRDs, and a cache that is still filling refuses what is asked of it, the server's own
  // clean-up of a CRD among it, which then tries again later and later.
  "--watch-cache=false",
  // Its address as an endpoint of the Service `kubernetes` would be a loopback one, which is refused.
  ...["--advertise-address", address, "--endpoint-reconciler-type", "none"],
  // Nothing creates the service account `default` of a namespace here, and this plugin refuses pods without.
  ...["--disable-admission-plugins", "ServiceAccount"],
];

/** The administrator's token, and the key that signs service account tokens. */
function writeKeys(dir: string, token: string): void {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "sec1", format: "pem" });
  writeFileSync(join(dir, "service-accounts.key"), pem, { mode: 0o600 });
  writeFileSync(join(dir, "tokens.csv"), `${token},rehearsal,rehearsal,system:masters\n`, { mode: 0o600 });
}

export interface ApiServerArgs {
  readonly dir: string;
  readonly port: number;
  readonly address?: string;
  readonly flags?: readonly string[];
  readonly token: string;
  readonly command: string;
  /** Without it the server waits for a long time and then speaks of something else. */
  readonly etcd?: Running;
  readonly processes: Processes;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** @throws PortTaken if something else listens there. */
export async function startApiServer({
  dir,
  port,
  address = "127.0.0.1",
  flags = [],
  token,
  command,
  etcd,
  processes,
  say,
  signal,
}: ApiServerArgs): Promise<{
  url: string;
  caData: string;
  running: Running;
}> {
  const url = `https://${address}:${port}`;
  const name = "kube-apiserver";
  const args = [...apiServerFlags(address, port), ...flags];
  const running = processes.start({ name, command, args, cwd: dir, graceMs: 0 });
  let said = Date.now();
  const probe = async () => {
    if (etcd?.hasEnded) throw etcd.error("ended");
    const caData = readCa(join(dir, "pki"));
    if (caData === undefined) return false;
    const { status, body } = await ask({ url, caData, token }, "/readyz?verbose").catch(() => NO_ANSWER);
    if (status !== 200 && Date.now() - said > SAY_EVERY_MS) {
      said = Date.now();
      say(`${name} is starting; ${notReady(body)}`);
    }
    return status === 200;
  };
  try {
    await running.ready(probe, PATIENCE_MS, signal);
  } catch (error) {
    if (error instanceof ProcessError && error.message.includes("address already in use"))
      throw new PortTaken(`port ${port} on 127.0.0.1 is taken`);
    throw error;
  }
  const caData = readCa(join(dir, "pki"));
  if (caData === undefined) throw running.error("answers, and wrote no certificate");
  return { url, caData, running };
}

const NO_ANSWER = { status: 0, body: "" };

/** What `/readyz?verbose` says is missing. */
export function notReady(body: string): string {
  const missing = [...body.matchAll(/^\[-\](\S+)/gm)].map(([, check]) => check);
  return missing.length > 0 ? `not ready yet: ${missing.join(", ")}` : "no answer yet";
}

/** The authority's certificate, which stands second in the server's file; undefined until both files are written. */
function readCa(folder: string): string | undefined {
  // The key is written last.
  if (!existsSync(join(folder, "apiserver.key"))) return undefined;
  return authorityOf(readFileSync(join(folder, "apiserver.crt"), "utf8"));
}

export function authorityOf(chain: string): string | undefined {
  const [, authority] = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
  return authority && Buffer.from(authority).toString("base64");
}

/** One GET, verified against the run's own authority: another run's server on that port is no answer. */
function ask({ url, caData, token }: ApiAccess, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { ca: Buffer.from(caData, "base64"), headers: { authorization: `Bearer ${token}` }, agent: false };
    const asked = request(`${url}${path}`, { ...options, signal: AbortSignal.timeout(5000) }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end();
  });
}

/**
 * @param access with the name in the server's certificate, where the address is another.
 * @param name of the cluster, the user and the context; what `adopt.context` of a stack file would say.
 */
export function kubeconfig(
  { url, caData, token, serverName }: ApiAccess & { readonly serverName?: string },
  name = "rehearsal",
): string {
  const tls = { "certificate-authority-data": caData, ...(serverName && { "tls-server-name": serverName }) };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: url, ...tls } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}
