import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import { describe, expect, test } from "vitest";
import { COMMON_ENGINE_ENV } from "../../components/engines";
import { ModelServer, type ModelServerArgs } from "../../components/model-server";
import { holdChain } from "../../planner/hold";
import { helmTemplate, kindsAndNames, pick } from "../charts/helm";
import { find, known, names, register } from "../harness";
import { creationOrder, Marker } from "../order";

const hold = holdChain({ coldStartSeconds: 440, longestGenerationSeconds: 300 });
const floor = { timezone: "Europe/Berlin", start: "0 8 * * 1-5", end: "0 18 * * 1-5", desiredReplicas: 1 };
const args = (change: Partial<ModelServerArgs> = {}): ModelServerArgs => ({
  namespace: "inference",
  model: {
    name: "qwen",
    engine: "vllm",
    contextLength: 32768,
    gpusPerReplica: 1,
    engineArgs: ["--max-num-seqs=64"],
    minReplicas: 0,
    maxReplicas: 3,
    idleAfterSeconds: 600,
    schedule: [floor],
    targetConcurrency: 16,
  },
  weights: { kind: "s3", uri: "s3://store/models/qwen" },
  placement: { kind: "pools", pools: ["l40s", "a10g"] },
  resources: { cpuMillis: 3500, memoryMib: 24_576 },
  hold,
  coldStartSeconds: 440,
  prometheusUrl: "http://prometheus.monitoring.svc:9090",
  compileCacheUri: "s3://store/compile-cache/qwen",
  region: "eu-central-1",
  after: [],
  ...change,
});
const HUB = { kind: "hub", repository: "Qwen/Qwen3-8B", revision: "0123abc" } as const;
const ADOPTED = { kind: "nodes", nodeSelector: { "example.com/gpu": "l4" } } as const;
const build = (change?: Partial<ModelServerArgs>) => register(() => new ModelServer("qwen-server", args(change)));
const release = async (change?: Partial<ModelServerArgs>) =>
  find(await build(change), "kubernetes:helm.sh/v3:Release", "qwen-server").inputs as {
    values: { engine: { args: string[]; env: Record<string, string> }; [field: string]: unknown };
    [field: string]: unknown;
  };

describe("ModelServer", () => {
  test("is one release of our own chart, named after the model, that waits for no GPU", async () => {
    expect(names(await build())).toEqual([
      ["kubernetes:helm.sh/v3:Release", "qwen-server"],
      ["pilotlight:index:ModelServer", "qwen-server"],
    ]);
    const { values, ...rest } = await release();
    expect(rest).toEqual({
      chart: "../charts/model-server",
      description: expect.stringMatching(/^chart files [0-9a-f]{12}$/),
      name: "qwen",
      namespace: "inference",
      skipAwait: true,
      maxHistory: 5,
      compat: "true",
    });
  });

  test("the chart's values, exactly", async () => {
    const { engine, ...values } = (await release()).values;
    expect(values).toEqual({
      gpus: 1,
      resources: { cpu: "3500m", memory: "24576Mi", sharedMemory: "2048Mi" },
      hubTokenSecret: "",
      placement: { pools: ["l40s", "a10g"] },
      hold: {
        ttlSeconds: hold.eppTtlSeconds,
        messageTimeoutSeconds: hold.extProcTimeoutSeconds,
        startupSeconds: hold.startupSeconds,
        progressDeadlineSeconds: hold.progressDeadlineSeconds,
        preStopSeconds: 10,
        drainSeconds: 300,
        graceSeconds: 325,
      },
      autoscaling: {
        minReplicas: 0,
        maxReplicas: 3,
        idleAfterSeconds: 600,
        schedule: [floor],
        targetConcurrency: 16,
        coldStartSeconds: 440,
        prometheusUrl: "http://prometheus.monitoring.svc:9090",
      },
      router: {
        envoyImage: "docker.io/envoyproxy/envoy:distroless-v1.40.0",
        eppImage: "registry.k8s.io/gateway-api-inference-extension/epp:v1.5.0",
        nodeSelector: { "pilotlight.dev/role": "system" },
      },
      compileCache: { uri: "s3://store/compile-cache/qwen" },
    });
    expect(engine).toMatchObject({
      name: "vllm",
      image: "docker.io/vllm/vllm-openai:v0.32.0",
      command: ["vllm", "serve"],
      userId: 2000,
      groupId: 0,
      port: 8000,
      healthPath: "/health",
      metricsPath: "/metrics",
    });
    expect(engine.args[0]).toBe("s3://store/models/qwen");
    expect(engine.args).toContain("--shutdown-timeout=300");
    expect(engine.args.at(-1)).toBe("--max-num-seqs=64");
    expect(engine.env).toMatchObject({ ...COMMON_ENGINE_ENV, AWS_REGION: "eu-central-1", HF_HUB_OFFLINE: "1" });
  });

  test("several GPUs get the flags and the shared memory for it", async () => {
    const model = { ...args().model, gpusPerReplica: 4, quantization: "fp8" };
    const { values } = await release({ model, resources: { cpuMillis: 40_000, memoryMib: 327_680 } });
    expect(values).toMatchObject({ gpus: 4, resources: { sharedMemory: "8192Mi" } });
    expect(values.engine.args).toEqual(expect.arrayContaining(["--tensor-parallel-size=4", "--quantization=fp8"]));
  });

  test("on nodes of somebody else: their labels, the hub's weights and token, no system node and no bucket", async () => {
    const { values } = await release({
      placement: ADOPTED,
      weights: { ...HUB, tokenSecret: "hub-token" },
      compileCacheUri: undefined,
      region: undefined,
    });
    expect(values).toMatchObject({
      placement: { nodeSelector: { "example.com/gpu": "l4" } },
      hubTokenSecret: "hub-token",
      router: { nodeSelector: {} },
      compileCache: { uri: "" },
    });
    expect(values.placement).not.toHaveProperty("pools");
    expect(values.engine.args.slice(0, 2)).toEqual(["Qwen/Qwen3-8B", "--revision=0123abc"]);
    expect(values.engine.env).not.toHaveProperty("AWS_REGION");
  });

  test("the namespace that may scrape is the chart's own default unless told", async () => {
    expect((await release()).values).not.toHaveProperty("monitoringNamespace");
    const { values } = await release({ monitoringNamespace: "pilotlight-monitoring" });
    expect(values.monitoringNamespace).toBe("pilotlight-monitoring");
  });

  test.each<[string, Partial<ModelServerArgs>]>([
    ["from the store, on pools", {}],
    ["from the hub, on adopted nodes", { placement: ADOPTED, weights: HUB, compileCacheUri: undefined }],
    ["with a token, and replicas that always run", { weights: { ...HUB, tokenSecret: "hub-token" } }],
    ["on four GPUs", { model: { ...args().model, gpusPerReplica: 4, minReplicas: 1 } }],
  ])("%s: the chart takes the values, and renders", async (_, change) => {
    const { values } = await release(change);
    const schema = JSON.parse(readFileSync(join(__dirname, "../../charts/model-server/values.schema.json"), "utf8"));
    const validate = new Ajv({ strict: false }).compile(schema);
    expect(validate(values), JSON.stringify(validate.errors)).toBe(true);
    const objects = helmTemplate("model-server", "qwen", values);
    expect(kindsAndNames(objects)).toEqual(expect.arrayContaining(["Deployment qwen", "InferencePool qwen"]));
    const { spec } = pick<{ spec: { template: { spec: Record<string, unknown> } } }>(objects, "Deployment", "qwen");
    expect(spec.template.spec.containers).toMatchObject([{ args: values.engine.args }]);
  });

  test("its address is the router's Service, on the port that the chart gives it", async () => {
    expect(await known(() => new ModelServer("qwen-server", args()).url)).toBe(
      "http://qwen-router.inference.svc:8081/v1",
    );
    const objects = helmTemplate("model-server", "qwen", (await release()).values);
    const { spec } = pick<{ spec: { ports: { port: number }[] } }>(objects, "Service", "qwen-router");
    expect(spec.ports.map(({ port }) => port)).toContain(8081);
  });

  test("comes after its nodes and its controllers, so it is gone before they are", async () => {
    const order = await creationOrder(() => {
      const karpenter = new Marker("karpenter");
      const nodePool = new Marker("node-pool", [karpenter]);
      new ModelServer("qwen-server", args({ after: [nodePool] }));
    });
    expect(order.waits("Release qwen-server", "Marker node-pool")).toBe(true);
    expect(order.waits("Release qwen-server", "Marker karpenter")).toBe(true);
  });
});
