import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../../components/errors";
import { readSettings } from "../../guard/read-settings";
import main from "../../stacks/main";
import { find, names, type Registered } from "../harness";
import { asText, run, type Settings, settingsOf } from "./program";

const typesOf = (seen: Registered[]) => [...new Set(seen.map(({ type }) => type))];
const of = (seen: Registered[], type: string) => names(seen).flatMap(([kind, name]) => (kind === type ? [name] : []));

describe("dev", () => {
  test("one NAT gateway, spot before on-demand, everything to zero, reachable from inside the VPC", async () => {
    const { seen, outputs } = await run(settingsOf("dev"));
    expect(of(seen, "aws:ec2/natGateway:NatGateway")).toEqual(["network-us-east-1a"]);
    expect(of(seen, "kubernetes:karpenter.sh/v1:NodePool")).toEqual(["l40s-elastic-on-demand", "l40s-elastic-spot"]);
    const weight = (name: string) => {
      const { spec } = find(seen, "kubernetes:karpenter.sh/v1:NodePool", name).inputs;
      return (spec as { weight: number }).weight;
    };
    expect(weight("l40s-elastic-spot")).toBeGreaterThan(weight("l40s-elastic-on-demand"));
    const { annotations } = find(seen, "kubernetes:networking.k8s.io/v1:Ingress", "endpoint").inputs.metadata as {
      annotations: Record<string, string>;
    };
    expect(annotations["alb.ingress.kubernetes.io/scheme"]).toBe("internal");
    expect(annotations["alb.ingress.kubernetes.io/inbound-cidrs"]).toBe("10.40.0.0/16");
    expect(of(seen, "aws:rds/instance:Instance")).toEqual([]);
    expect(outputs).toEqual({
      endpoint: "http://alb.example/v1",
      apiKey: "sk-gateway-api-key-secret",
      cost: { idleUsdPerHour: 0.39, mostUsdPerHour: 4.15, pricesOf: "2026-07-20" },
      // Twice three of the dearest type with an L40S: two, and one in the place of one that drains.
      spend: { limitUsdPerHour: 46, leaseSeconds: 43_200 },
      kubeconfig: expect.stringContaining("get-token"),
      models: {
        "qwen3-8b": {
          gpu: ["l40s"],
          gpusPerReplica: 1,
          pools: ["l40s"],
          instanceTypes: ["g6e.xlarge", "g6e.2xlarge", "g6e.4xlarge", "g6e.8xlarge", "g6e.16xlarge"],
          replicas: { min: 0, max: 2 },
          holdSeconds: 660,
          expected: {
            gpu: "l40s",
            concurrency: 16,
            firstTokenSeconds: expect.closeTo(0.14, 1),
            tokenSeconds: expect.closeTo(0.028, 2),
            tokensPerSecond: expect.any(Number),
            coldStartSeconds: 271,
            usdPerMillionTokens: expect.any(Number),
          },
        },
      },
      // Inside the VPC: brought to this machine first.
      tryIt: expect.stringMatching(
        /^npm run connect -- --stack test &\ncurl --retry 5 --retry-connrefused "http:\/\/127\.0\.0\.1:4000\/v1\/chat\/completions" .*"model":"qwen3-8b"/,
      ),
    });
  });
});

test("named keys are an output of their own, and none where none is named", async () => {
  const settings = { ...settingsOf("dev"), "pilotlight:gateway": { keys: ["alice", "ci"] } };
  const { seen, outputs } = await run(settings);
  expect(outputs.apiKeys).toEqual({ alice: "sk-gateway-key-alice-secret", ci: "sk-gateway-key-ci-secret" });
  expect(outputs.apiKey).toBe("sk-gateway-api-key-secret");
  expect(find(seen, "kubernetes:core/v1:Secret", "gateway-keys").inputs.stringData).toMatchObject({
    value: { apiKeys: expect.stringMatching(/^\{"default":"sk-[^"]+","alice":"sk-[^"]+","ci":"sk-[^"]+"\}$/) },
  });
  expect((await run(settingsOf("prod"))).outputs.apiKeys).toBeUndefined();
});

describe("prod", () => {
  test("a NAT gateway in each zone, on-demand first, TLS, keys in Postgres with a standby", async () => {
    const { seen, outputs } = await run(settingsOf("prod"));
    expect(of(seen, "aws:ec2/natGateway:NatGateway")).toHaveLength(3);
    expect(of(seen, "aws:acm/certificateValidation:CertificateValidation")).toEqual(["endpoint"]);
    expect(find(seen, "aws:rds/instance:Instance", "database").inputs).toMatchObject({ multiAz: true });
    // As the SDK sends a secret.
    expect(find(seen, "kubernetes:core/v1:Secret", "gateway-admin").inputs.stringData).toMatchObject({
      value: {
        masterKey: "sk-gateway-master-key-secret",
        databaseUrl: "postgresql://litellm:database-secret@db.example:5432/litellm?sslmode=require",
      },
    });
    expect(outputs.endpoint).toBe("https://llm.example.com/v1");
    expect(outputs.tryIt).toMatch(/^curl "\$\(pulumi stack output endpoint\)\/chat\/completions" .*"model":"qwen3-8b"/);
  });

  test("what the schedule asks for reaches the model's chart", async () => {
    const { seen } = await run(settingsOf("prod"));
    const { values } = find(seen, "kubernetes:helm.sh/v3:Release", "qwen3-8b").inputs as {
      values: { autoscaling: { schedule: unknown[] } };
    };
    expect(values.autoscaling.schedule).toEqual([
      { timezone: "America/New_York", start: "0 8 * * 1-5", end: "0 19 * * 1-5", desiredReplicas: 1 },
    ]);
  });
});

describe("rehearsal", () => {
  test("a pool that always runs is a node group, and none of Karpenter's", async () => {
    const { seen } = await run(settingsOf("rehearsal"));
    expect(of(seen, "aws:eks/nodeGroup:NodeGroup")).toEqual(["steady-steady", "system"]);
    expect(of(seen, "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass")).toEqual(["a10g-elastic", "l40s-elastic"]);
  });

  test("the guard is told of every pool, of Karpenter's role and of the steady node group", async () => {
    const { seen } = await run(settingsOf("rehearsal"));
    const { environment } = find(seen, "aws:lambda/function:Function", "spend-guard").inputs;
    const settings = readSettings((environment as { variables: NodeJS.ProcessEnv }).variables);
    expect(settings).toMatchObject({
      stack: "pilotlight-test",
      stackShort: "test",
      launchRole: "karpenter",
      topicArn: "arn:aws:mock:us-east-1:123456789012:alarms",
      leaseSeconds: 43_200,
      limitUsdPerHour: 40,
      pools: {
        l40s: { idleSeconds: 7200, unseenSeconds: 43_200 },
        a10g: { idleSeconds: 7200, unseenSeconds: 43_200 },
      },
    });
    // Its schedule keeps a replica there.
    expect(settings.pools.steady).toEqual({ nodeGroup: "steady-steady" });
    expect(of(seen, "aws:budgets/budget:Budget")).toEqual(["spend-guard"]);
    expect(of(seen, "aws:sns/topicSubscription:TopicSubscription")).toEqual([
      "alarms-finance@example.com",
      "alarms-ops@example.com",
    ]);
  });

  test("a pool's nodes have time for the slowest of its models to end, and a minute", async () => {
    const settings = settingsOf("rehearsal");
    const models = settings["pilotlight:models"] as Record<string, object>;
    const given = models["qwen3-8b"];
    const { seen } = await run({
      ...settings,
      "pilotlight:models": {
        ...models,
        short: { ...given, gpu: "l40s", longestGeneration: "1m" },
        long: { ...given, gpu: "l40s", longestGeneration: "7m" },
      },
    });
    const period = (name: string) => {
      const { spec } = find(seen, "kubernetes:karpenter.sh/v1:NodePool", name).inputs;
      const { template } = spec as { template: { spec: { terminationGracePeriod: string } } };
      return template.spec.terminationGracePeriod;
    };
    // preStop, the longest answer, the engine's exit, the minute.
    expect(period("l40s-elastic-spot")).toBe(`${10 + 420 + 15 + 60}s`);
    expect(period("a10g-elastic-on-demand")).toBe(`${10 + 300 + 15 + 60}s`);
  });

  test("with a fallback to a smaller node, the pod fits the smaller", async () => {
    const { seen } = await run(settingsOf("rehearsal"));
    const { values } = find(seen, "kubernetes:helm.sh/v3:Release", "qwen3-8b").inputs as {
      values: { resources: unknown; placement: unknown };
    };
    expect(values.placement).toEqual({ pools: ["l40s", "a10g"] });
    expect(values.resources).toMatchObject({ cpu: "3510m", memory: "13266Mi" });
  });

  test("the quota of the namespace is the sum of what the pools allow", async () => {
    const { seen } = await run(settingsOf("rehearsal"));
    const { spec } = find(seen, "kubernetes:core/v1:ResourceQuota", "inference-gpus").inputs;
    expect(spec).toEqual({ hard: { "requests.nvidia.com/gpu": "9" } });
  });
});

describe("an adopted cluster", () => {
  const adopted = (): Settings => ({
    "pilotlight:cluster": { adopt: { context: "mine" } },
    "pilotlight:gpuPools": {
      h100: { gpu: "h100", gpusPerNode: 8, nodeSelector: { node: "dgx" }, allocatable: { cpu: 200, memory: "1900Gi" } },
    },
    "pilotlight:models": {
      qwen: {
        source: "hf://Qwen/Qwen3-8B@b968826d9c46dd6066d109eabc6255188de91218",
        contextLength: "32k",
        gpu: "h100",
        gpusPerReplica: 2,
      },
    },
  });

  test("gets models, gateway and autoscaling, and nothing of AWS", async () => {
    const { seen, outputs } = await run(adopted());
    expect(typesOf(seen).filter((type) => type.startsWith("aws:") || type === "pulumi:providers:aws")).toEqual([]);
    expect(of(seen, "kubernetes:helm.sh/v3:Release")).toEqual([
      "autoscaling-keda",
      "autoscaling-prometheus",
      "gateway",
      "qwen",
    ]);
    expect(find(seen, "pulumi:providers:kubernetes", "adopted").inputs).toMatchObject({ context: "mine" });
    expect(outputs.endpoint).toBe("http://gateway.inference.svc:4000/v1");
    expect(outputs.kubeconfig).toBeUndefined();
    expect(outputs.spend).toBeUndefined();
  });

  test("puts its pods on the nodes of the pool's labels, and asks for no system nodes", async () => {
    const { seen } = await run(adopted());
    const { values } = find(seen, "kubernetes:helm.sh/v3:Release", "qwen").inputs as {
      values: { placement: unknown; router: { nodeSelector: unknown }; engine: { args: string[] } };
    };
    expect(values.placement).toEqual({ nodeSelector: { node: "dgx" } });
    expect(values.router.nodeSelector).toEqual({});
    expect(values.engine.args.slice(0, 2)).toEqual([
      "Qwen/Qwen3-8B",
      "--revision=b968826d9c46dd6066d109eabc6255188de91218",
    ]);
  });
});

describe("what is wrong", () => {
  test("five faults are told at once, and nothing is registered", async () => {
    const settings = settingsOf("dev");
    settings["pilotlight:gpuPools"] = { l40s: { gpu: "a10", maxGpus: 2 }, h100: { gpu: "h100", maxGpus: -1 } };
    settings["pilotlight:models"] = {
      "qwen3-8b": { source: "hf://Qwen/Qwen3-8B@main", contextLength: "32k", gpu: "l40s", idleAfter: "soon" },
    };
    settings["pilotlight:endpoint"] = { exposure: "public", allowedCidrs: ["203.0.113.0/24"] };
    pulumi.runtime.setAllConfig(asText(settings));
    let registered = 0;
    await pulumi.runtime.setMocks(
      { newResource: ({ name, inputs }) => ({ id: `${++registered} ${name}`, state: inputs }), call: () => ({}) },
      "pilotlight",
      "test",
      false,
    );
    const error = await main().then(
      () => undefined,
      (caught: unknown) => caught,
    );
    await pulumi.runtime.disconnect();
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).faults.map(({ path }) => path).sort()).toEqual([
      "endpoint.domain",
      "gpuPools.h100.maxGpus",
      "gpuPools.l40s.gpu",
      "models.qwen3-8b.idleAfter",
      "models.qwen3-8b.source",
    ]);
    expect(registered).toBe(0);
  });
});
