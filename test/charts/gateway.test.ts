import { describe, expect, test } from "vitest";
import { gatewayBase, postgres } from "./gateway-values";
import { helmTemplate, kindsAndNames, merge, pick, type Values } from "./helm";
import { containerOf, type PodSpec } from "./pods";
import { validate } from "./valid";

interface Workload {
  spec: {
    template: { metadata: { labels: Record<string, string>; annotations: Record<string, string> }; spec: PodSpec };
    [field: string]: unknown;
  };
}

const render = (change: Values = {}) => helmTemplate("gateway", "gateway", merge(gatewayBase, change));
const without = render();
const withDatabase = render(postgres);
const deployment = (objects = without) => pick<Workload>(objects, "Deployment", "gateway");
const podOf = (objects = without) => deployment(objects).spec.template.spec;
const litellm = (objects = without) => containerOf(podOf(objects), "litellm");

const fromSecret = (variable: string, name: string, key: string) => ({
  name: variable,
  valueFrom: { secretKeyRef: { name, key } },
});
const keysVolume = {
  name: "keys",
  secret: { secretName: "gateway-keys", items: [{ key: "apiKeys", path: "keys.json" }] },
};

describe("gateway", () => {
  const always = [
    "ConfigMap gateway",
    "Deployment gateway",
    "NetworkPolicy gateway",
    "PodDisruptionBudget gateway",
    "Service gateway",
    "ServiceAccount gateway",
  ];

  test("makes exactly these objects, and with a database a Job for the first keys", () => {
    expect(kindsAndNames(without)).toEqual(always);
    const [job, ...others] = kindsAndNames(withDatabase).filter((name) => !always.includes(name));
    expect(job).toMatch(/^Job gateway-keys-[0-9a-f]{8}$/);
    expect(others).toEqual([]);
  });

  test("a new ordinary key is a new Job and restarts no pod; a new database password does both", () => {
    const jobAndPod = (change: Values) => {
      const objects = helmTemplate("gateway", "gateway", merge(merge(gatewayBase, postgres), change));
      const { spec } = pick<{ spec: { template: { metadata: unknown } } }>(objects, "Deployment", "gateway");
      return { job: objects.find(({ kind }) => kind === "Job")?.metadata.name, pod: spec.template.metadata };
    };
    const before = jobAndPod({});
    const newKey = jobAndPod({ keysVersion: "another" });
    expect(newKey.job).not.toBe(before.job);
    expect(newKey.pod).toEqual(before.pod);
    const newPassword = jobAndPod({ restartOn: "another" });
    expect(newPassword.job).not.toBe(before.job);
    expect(newPassword.pod).not.toEqual(before.pod);
  });

  test("every object fits the API's schema, in both modes", async () => {
    expect(await validate(without)).toEqual([]);
    expect(await validate(withDatabase)).toEqual([]);
  });

  test("no object carries a secret: Secrets are named, never made", () => {
    for (const objects of [without, withDatabase]) {
      expect(objects.filter(({ kind }) => kind === "Secret")).toEqual([]);
      expect(JSON.stringify(objects)).not.toMatch(/sk-|postgresql:/);
    }
  });
});

describe("its Deployment", () => {
  test("keeps every pod until its successor serves, and spreads them", () => {
    const { replicas, strategy, template } = deployment().spec;
    expect(replicas).toBe(2);
    expect(strategy).toEqual({ rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } });
    expect(template.spec.topologySpreadConstraints).toEqual([
      {
        maxSkew: 1,
        topologyKey: "kubernetes.io/hostname",
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: { "app.kubernetes.io/name": "gateway" } },
      },
    ]);
    expect(template.spec.nodeSelector).toEqual({ "pilotlight.dev/role": "system" });
  });

  test("runs LiteLLM on its file, with what it needs to start without the internet", () => {
    expect(litellm()).toMatchObject({
      image: "ghcr.io/berriai/litellm-database:v1.106.2",
      args: ["--config", "/config/config.yaml", "--host", "0.0.0.0", "--port", "4000", "--keepalive_timeout", "1560"],
      ports: [{ name: "http", containerPort: 4000 }],
      lifecycle: { preStop: { sleep: { seconds: 15 } } },
      resources: { requests: { cpu: "250m", memory: "768Mi" }, limits: { memory: "2Gi" } },
    });
    expect(litellm()).not.toHaveProperty("command");
  });

  const common = [
    { name: "LITELLM_MODE", value: "PRODUCTION" },
    { name: "LITELLM_LOCAL_MODEL_COST_MAP", value: "True" },
    { name: "DO_NOT_TRACK", value: "1" },
    { name: "NO_DOCS", value: "True" },
    { name: "NO_REDOC", value: "True" },
    { name: "NO_OPENAPI", value: "True" },
    { name: "HOME", value: "/tmp" },
  ];
  const masterKey = fromSecret("LITELLM_MASTER_KEY", "gateway-admin", "masterKey");

  test("without a database: the keys are a file of their Secret", () => {
    expect(litellm().env).toEqual([masterKey, { name: "GATEWAY_KEYS", value: "/keys/keys.json" }, ...common]);
    expect(podOf().volumes).toEqual([
      { name: "config", configMap: { name: "gateway" } },
      { name: "tmp", emptyDir: { sizeLimit: "1Gi" } },
      keysVolume,
    ]);
  });

  test("with one: its address comes from a Secret, and no key is mounted", () => {
    expect(litellm(withDatabase).env).toEqual([
      masterKey,
      fromSecret("DATABASE_URL", "gateway-admin", "databaseUrl"),
      { name: "LITELLM_MIGRATION_DIR", value: "/tmp/migrations" },
      ...common,
    ]);
    expect(podOf(withDatabase).volumes?.map(({ name }) => name)).toEqual(["config", "tmp"]);
  });

  test("no probe asks a model: that would wake its GPU", () => {
    const { startupProbe, readinessProbe, livenessProbe } = litellm();
    expect(startupProbe).toEqual({
      httpGet: { path: "/health/liveliness", port: "http" },
      periodSeconds: 5,
      failureThreshold: 60,
    });
    expect(readinessProbe?.httpGet).toEqual({ path: "/health/readiness", port: "http" });
    expect(livenessProbe?.httpGet).toEqual({ path: "/health/liveliness", port: "http" });
  });

  test("restarts for a new file or a new secret, not for a pod more", () => {
    const stamps = (change: Values) => deployment(render(change)).spec.template.metadata.annotations;
    const changed = (change: Values) =>
      Object.entries(stamps(change))
        .filter(([name, value]) => value !== stamps({})[name])
        .map(([name]) => name);
    expect(changed({ replicas: 3, resources: { limits: { memory: "4Gi" } } })).toEqual([]);
    expect(changed({ pingSeconds: 5 })).toEqual(["pilotlight.dev/config"]);
    expect(changed({ restartOn: "fedcba" })).toEqual(["pilotlight.dev/restart-on"]);
  });
});

describe("the Job of the first keys", () => {
  const job = (change: Values = {}) => {
    const found = render(merge(postgres, change)).find(({ kind }) => kind === "Job");
    if (found === undefined) throw new Error("no Job");
    return found as typeof found & Workload;
  };

  test("runs the script in the gateway's image, with the master key and the keys of their Secrets", () => {
    const { spec } = job().spec.template;
    expect(containerOf(spec, "create-keys")).toMatchObject({
      image: "ghcr.io/berriai/litellm-database:v1.106.2",
      command: ["python3", "/config/create_keys.py"],
      env: [
        fromSecret("LITELLM_MASTER_KEY", "gateway-admin", "masterKey"),
        { name: "GATEWAY_URL", value: "http://gateway.inference.svc:4000" },
        { name: "GATEWAY_KEYS", value: "/keys/keys.json" },
      ],
    });
    expect(spec).toMatchObject({ restartPolicy: "OnFailure", nodeSelector: { "pilotlight.dev/role": "system" } });
    expect(spec.volumes).toEqual([{ name: "config", configMap: { name: "gateway" } }, keysVolume]);
  });

  test("is a new Job whenever what it cannot change would change", () => {
    const { name } = job().metadata;
    expect(job({ replicas: 5, pingSeconds: 3 }).metadata.name).toBe(name);
    for (const change of [{ image: "litellm:next" }, { restartOn: "x" }, { apiKeys: { secretName: "others" } }])
      expect(job(change).metadata.name).not.toBe(name);
  });

  test("is no pod of the gateway's Service", () => {
    expect(job().spec.template.metadata.labels).toEqual({ "app.kubernetes.io/name": "gateway-keys" });
  });
});

describe("around the gateway's pods", () => {
  test("one port, in the Service and through the NetworkPolicy", () => {
    const selector = { "app.kubernetes.io/name": "gateway" };
    // ClusterIP, so that nothing outside the cluster reaches it but through what is put before it.
    expect(pick(without, "Service", "gateway").spec).toEqual({
      selector,
      ports: [{ name: "http", port: 4000, targetPort: "http" }],
    });
    expect(pick(without, "NetworkPolicy", "gateway").spec).toEqual({
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress"],
      ingress: [{ ports: [{ protocol: "TCP", port: 4000 }] }],
    });
  });

  test("a drain takes one pod at a time, and never waits for pods that are not ready", () => {
    expect(pick(without, "PodDisruptionBudget", "gateway").spec).toEqual({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: { "app.kubernetes.io/name": "gateway" } },
    });
  });
});
