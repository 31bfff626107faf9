import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createHttp2 } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compressed, delaysOf, plannedDelays } from "../../rehearsal/live/delays";
import { shippedTimers } from "../../rehearsal/live/differences";
import type { V1Container, V1EndpointSlice, V1Probe } from "../../rehearsal/live/kubernetes-types";
import { begun, ended } from "../../rehearsal/live/ledger";
import { bytesOf } from "../../rehearsal/live/memory";
import { portOf, probeOnce, repeat } from "../../rehearsal/live/node/probes";
import { mountsOf, relocate } from "../../rehearsal/live/node/volumes";
import { liveOptions } from "../../rehearsal/live/options";
import { queueIn } from "../../rehearsal/live/picker-metrics";
import { unshareArgs } from "../../rehearsal/live/sandbox";
import { targetsOf } from "../../rehearsal/live/services";
import { parseOptions, UsageError } from "../../rehearsal/options";
import { readSettings } from "../../rehearsal/settings";

const TODAY = "2026-11-25";

describe("the command line of a live rehearsal", () => {
  const defaults = {
    known: ["from-zero", "load", "keda-gone"],
    shown: ["from-zero", "load"],
    real: ["from-zero"],
    report: "/t/report.html",
  };

  test("plays the shown parts, unless some are named or the stage is kept", () => {
    const usual = { speed: 20, engine: "simulated", keep: false, port: 0, report: "/t/report.html" };
    expect(liveOptions({}, defaults)).toEqual({ ...usual, parts: ["from-zero", "load"] });
    expect(liveOptions({ keep: true }, defaults)).toMatchObject({ parts: [], keep: true });
    expect(liveOptions({ keep: true, part: ["load"], port: "4000" }, defaults)).toMatchObject({
      parts: ["load"],
      port: 4000,
    });
    expect(liveOptions({ "every-part": true }, defaults)).toMatchObject({ parts: defaults.known });
  });

  test("tells every fault at once, each with what is right", () => {
    const given = { part: ["keda-gon"], speed: "0", port: "http", engine: "sglang", info: "f" };
    expect(liveOptions(given, defaults)).toEqual([
      'there is no part "keda-gon"; did you mean "keda-gone"?; --part can be: from-zero, load, keda-gone',
      "--speed 0 is no number from 5 to 1000",
      "--port http is no port from 1 to 65535",
      "--engine sglang is none; it can be: simulated, vllm",
      "--port is for a stage that stays up: add --keep",
      "--info is for a stage that stays up: add --keep",
    ]);
  });

  test("the real engine plays what needs no ledger", () => {
    expect(liveOptions({ engine: "vllm" }, defaults)).toMatchObject({ parts: ["from-zero"], engine: "vllm" });
    expect(liveOptions({ engine: "vllm", part: ["load"] }, defaults)).toEqual([
      "--engine vllm cannot play load, which count what the simulated engine writes down; it plays: from-zero",
    ]);
  });

  test("belongs to --live", () => {
    expect(() => parseOptions(["--keep", "--stack", "none"], ["rehearsal"])).toThrow(
      new UsageError(
        "there is no stack file stacks/Pulumi.none.yaml; --stack can be: rehearsal\n--keep is for a live rehearsal: add --live",
      ),
    );
    expect(() => parseOptions(["--live", "--stack", "rehearsal"], ["rehearsal"])).toThrow("leave --stack out");
    expect(parseOptions(["--live", "--json", "f"], [])).toMatchObject({ stacks: [], live: { json: "f" } });
    expect(parseOptions(["--json", "f"], [])).toMatchObject({ stacks: ["rehearsal"], json: "f", live: undefined });
    expect(parseOptions(["--all"], ["a", "b"])).toMatchObject({ stacks: ["a", "b"] });
  });

  test("nobody needs to be root", () => {
    expect(unshareArgs(true)).not.toContain("--user");
    expect(unshareArgs(false).slice(0, 2)).toEqual(["--user", "--map-root-user"]);
    expect(unshareArgs(false)).toContain("--kill-child=SIGKILL");
  });
});

describe("delays", () => {
  const stage = (name: Parameters<typeof delaysOf>[0][number]["name"], seconds: number) => ({ name, seconds, how: "" });

  test("each simulated part has its stages; Karpenter's decision is real and in none", () => {
    const stages = [stage("decision", 5), stage("boot", 50), stage("device plugin", 10), stage("image", 60)];
    const delays = delaysOf([...stages, stage("container", 2), stage("imports", 30), stage("weights", 20)]);
    expect(delays).toEqual({ bootMs: 50_000, deviceMs: 10_000, pullMs: 62_000, loadMs: 50_000 });
    expect(compressed(delays, 20)).toEqual({ bootMs: 2500, deviceMs: 500, pullMs: 3100, loadMs: 2500 });
  });

  test("a model's are the planner's of its pool, and differ between GPUs", () => {
    const { settings } = readSettings("live", TODAY);
    const model = settings.models["qwen3-8b"];
    if (model === undefined) throw new Error("no model");
    const l40s = plannedDelays("qwen3-8b", model, "l40s", settings);
    const a10g = plannedDelays("qwen3-8b", model, "a10g", settings);
    for (const { bootMs, deviceMs, pullMs, loadMs } of [l40s, a10g])
      for (const ms of [bootMs, deviceMs, pullMs, loadMs]) expect(ms).toBeGreaterThan(1000);
    expect(l40s.pullMs + l40s.loadMs).not.toBe(a10g.pullMs + a10g.loadMs);
  });

  test("what differs from the settings' defaults is told, and nothing else", () => {
    const { settings } = readSettings("live", TODAY);
    expect(shippedTimers(settings)).toContainEqual({
      what: "models.qwen3-8b.idleAfter",
      ships: "600 s",
      here: "15 s",
      why: "so that a run takes minutes",
    });
    const rehearsal = readSettings("rehearsal", TODAY).settings;
    expect(shippedTimers(rehearsal).map(({ what }) => what)).toEqual([
      "models.qwen3-8b.idleAfter",
      "gpuPools.l40s.emptyFor",
      "gpuPools.a10g.emptyFor",
    ]);
  });
});

describe("paths of a pod", () => {
  const mounts = {
    "/config": "/run/a/config",
    "/cache": "/run/a/cache",
    "/cache/more": "/run/a/more",
    "/tmp": "/run/a/tmp",
  };

  test.each([
    ["--config-file=/config/epp.yaml", "--config-file=/run/a/config/epp.yaml"],
    ["/cache/compile", "/run/a/cache/compile"],
    ["/cache/more/x", "/run/a/more/x"],
    ["/cachet", "/cachet"],
    ["s3://bucket/config", "s3://bucket/config"],
    ['{"dir":"/tmp"}', '{"dir":"/run/a/tmp"}'],
    ["/config:/tmp", "/run/a/config:/run/a/tmp"],
  ])("%s is %s here", (text, here) => expect(relocate(text, mounts)).toBe(here));

  test("a text without a mount's path stays as it is", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!Object.keys(mounts).some((path) => text.includes(path)));
        expect(relocate(text, mounts)).toBe(text);
      }),
    );
  });

  test("a mount leads to its volume's folder", () => {
    const container = { name: "c", volumeMounts: [{ name: "v", mountPath: "/data", subPath: "in" }] } as V1Container;
    expect(mountsOf(container, { v: "/run/v" })).toEqual({ "/data": "/run/v/in" });
  });
});

describe("Services", () => {
  const slice = {
    metadata: { namespace: "inference", labels: { "kubernetes.io/service-name": "gateway" } },
    ports: [{ name: "http", port: 4000 }],
    endpoints: [
      { addresses: ["10.42.0.2"], conditions: { ready: true } },
      { addresses: ["10.42.0.3"], conditions: { ready: false } },
      { addresses: ["10.42.0.4"] },
    ],
  } as unknown as V1EndpointSlice;

  test("lead to ready pods alone, by the port's name", () => {
    expect(targetsOf(slice, "inference/gateway", "http")).toEqual([
      { address: "10.42.0.2", port: 4000 },
      { address: "10.42.0.4", port: 4000 },
    ]);
    expect(targetsOf(slice, "inference/other", "http")).toEqual([]);
    expect(targetsOf(slice, "inference/gateway", "metrics")).toEqual([]);
  });
});

describe("probes", () => {
  const container = { name: "c", ports: [{ name: "http", containerPort: 8081 }] } as V1Container;
  const get = (port: number, path: string): V1Probe => ({ httpGet: { port, path } }) as unknown as V1Probe;

  test("a port is a number or a name", () => {
    expect(portOf("http", container)).toBe(8081);
    expect(portOf(9003, container)).toBe(9003);
    expect(() => portOf("grpc", container)).toThrow("container c has no port named grpc");
  });

  test("HTTP succeeds from 200 to 399, and not where nobody listens", async () => {
    const server = createServer(({ url }, answer) => answer.writeHead(Number(url?.slice(1))).end());
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const verdicts = await Promise.all(
      [200, 204, 399, 400, 503].map((code) => probeOnce(get(port, `/${code}`), container, "127.0.0.1")),
    );
    expect(verdicts).toEqual([true, true, true, false, false]);
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    expect(await probeOnce(get(port, "/200"), container, "127.0.0.1")).toBe(false);
  });

  test("gRPC succeeds where the service says that it serves", async () => {
    const asked: string[] = [];
    const server = createHttp2((request, answer) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const service = Buffer.concat(parts).subarray(7).toString();
        asked.push(`${request.url} ${service}`);
        answer.writeHead(200, { "content-type": "application/grpc" });
        answer.end(Buffer.from([0, 0, 0, 0, 2, 8, service === "ready" ? 1 : 2]));
      });
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const grpc = (service: string) => probeOnce({ grpc: { port, service } } as V1Probe, container, "127.0.0.1");
    expect([await grpc("ready"), await grpc("not")]).toEqual([true, false]);
    expect(asked).toEqual(["/grpc.health.v1.Health/Check ready", "/grpc.health.v1.Health/Check not"]);
    server.close();
  });

  test("a verdict changes after as many in a row as the spec has", async () => {
    const answers = [503, 200, 503, 503, 503, 200];
    const server = createServer((_, answer) => answer.writeHead(answers.shift() ?? 200).end());
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const changes: boolean[] = [];
    const probe = { ...get(port, "/"), periodSeconds: 0.01, failureThreshold: 3 } as V1Probe;
    await new Promise<void>((done) => {
      const stop = repeat({
        probe,
        container,
        address: "127.0.0.1",
        first: true,
        onChange: (success) => {
          changes.push(success);
          if (success) {
            stop();
            done();
          }
        },
      });
    });
    expect(changes).toEqual([false, true]);
    server.closeAllConnections();
    server.close();
  });
});

describe("what is seen", () => {
  test("the picker's queue and its running requests are summed over their series", () => {
    const metrics = [
      "# TYPE inference_extension_flow_control_queue_size gauge",
      'inference_extension_flow_control_queue_size{priority="0"} 3',
      'inference_extension_flow_control_queue_size{priority="1"} 4',
      'inference_extension_flow_control_queue_bytes{priority="0"} 900',
      'inference_objective_running_requests{model_name="a b"} 2',
    ].join("\n");
    expect(queueIn(metrics)).toEqual({ held: 7, running: 2 });
    expect(queueIn("")).toEqual({ held: 0, running: 0 });
  });

  test("sizes are Kubernetes'", () => {
    expect(["64Mi", "2Gi", "100", "1Ki", undefined, "1T"].map(bytesOf)).toEqual([
      2 ** 26,
      2 ** 31,
      100,
      1024,
      undefined,
      undefined,
    ]);
  });

  test("the ledger counts what was begun and what ended, over all pods", () => {
    const dir = mkdtempSync(join(tmpdir(), "pilotlight-ledger-"));
    const line = (more: object) => JSON.stringify({ at: 1, requestId: "", ...more });
    const write = (pod: string, ...lines: string[]) => {
      mkdirSync(join(dir, pod));
      if (lines.length > 0) writeFileSync(join(dir, pod, "requests.jsonl"), `${lines.join("\n")}\n`);
    };
    write(
      "a",
      line({ prompt: "x", started: true }),
      line({ prompt: "x", how: "cut", tokens: 3, stream: true, promptTokens: 1 }),
    );
    write("b", line({ prompt: "x", started: true }), line({ prompt: "y", started: true }));
    write("c");
    expect([...begun(dir, () => true)]).toEqual([
      ["x", 2],
      ["y", 1],
    ]);
    expect(ended(dir, (prompt) => prompt === "x")).toMatchObject([{ pod: "a", how: "cut", tokens: 3 }]);
    rmSync(dir, { recursive: true });
  });
});
