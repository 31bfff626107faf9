import { request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import type { V1Container, V1Probe } from "../kubernetes-types";

/** A kubelet's defaults, in seconds and in a row. */
const DEFAULTS = { periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3, successThreshold: 1 } as const;

export type Verdict = (success: boolean) => void;

/** @throws Error naming the container for a probe that is not known here, or a port that it does not have. */
export function checkProbes(container: V1Container): void {
  for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
    if (probe === undefined) continue;
    if (probe.httpGet) portOf(probe.httpGet.port, container);
    else if (!probe.grpc)
      throw new Error(`container ${container.name}: the process node knows httpGet and grpc probes alone`);
  }
}

/** One try of a probe against a pod's address. */
export function probeOnce(probe: V1Probe, container: V1Container, address: string): Promise<boolean> {
  const timeoutMs = (probe.timeoutSeconds ?? DEFAULTS.timeoutSeconds) * 1000;
  if (probe.httpGet) {
    const { path = "/", port } = probe.httpGet;
    return httpOk(address, portOf(port, container), path, timeoutMs);
  }
  if (probe.grpc) return grpcServing(address, probe.grpc.port, probe.grpc.service ?? "", timeoutMs);
  throw new Error(`container ${container.name}: the process node knows httpGet and grpc probes alone`);
}

/** A port by its number or its name. */
export function portOf(port: number | string | { valueOf(): unknown }, container: V1Container): number {
  if (typeof port === "number") return port;
  const found = container.ports?.find(({ name }) => name === port)?.containerPort;
  if (found === undefined) throw new Error(`container ${container.name} has no port named ${port}`);
  return found;
}

function httpOk(host: string, port: number, path: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ host, port, path, agent: false, timeout: timeoutMs }, (answer) => {
      answer.resume();
      const { statusCode = 0 } = answer;
      resolve(statusCode >= 200 && statusCode < 400);
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(false));
    asked.on("close", () => resolve(false));
    asked.end();
  });
}

/** grpc.health.v1.Health/Check: a message with one string, and one with an enum whose 1 says SERVING. */
function grpcServing(host: string, port: number, service: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://${host}:${port}`);
    let serving = false;
    const end = () => {
      clearTimeout(late);
      session.destroy();
      resolve(serving);
    };
    const late = setTimeout(end, timeoutMs);
    session.on("error", end);
    const call = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const name = Buffer.from(service);
    const message = service === "" ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    const parts: Buffer[] = [];
    call.on("data", (part: Buffer) => parts.push(part));
    call.on("error", end);
    call.on("end", () => {
      const body = Buffer.concat(parts).subarray(5);
      serving = body[0] === 0x08 && body[1] === 1;
      end();
    });
    call.end(Buffer.concat([head, message]));
  });
}

/** A probe that repeats until it is stopped; tells when its verdict changes, as its thresholds have it. */
export function repeat(args: {
  readonly probe: V1Probe;
  readonly container: V1Container;
  readonly address: string;
  readonly onChange: Verdict;
  /** How it counts before the first verdict. */
  readonly first: boolean;
}): () => void {
  const { probe, container, address, onChange } = args;
  const { periodSeconds, failureThreshold, successThreshold } = { ...DEFAULTS, ...withoutUndefined(probe) };
  let state = args.first;
  let row = 0;
  let stopped = false;
  const round = async () => {
    const success = await probeOnce(probe, container, address);
    if (stopped) return;
    row = success === state ? 0 : row + 1;
    if (row >= (success ? successThreshold : failureThreshold)) {
      state = success;
      row = 0;
      onChange(success);
    }
    if (!stopped) timer = setTimeout(round, periodSeconds * 1000);
  };
  let timer = setTimeout(round, (probe.initialDelaySeconds ?? 0) * 1000);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

const withoutUndefined = (probe: V1Probe): Partial<typeof DEFAULTS> =>
  Object.fromEntries(Object.entries(probe).filter(([key, value]) => key in DEFAULTS && value !== undefined)) as Partial<
    typeof DEFAULTS
  >;
