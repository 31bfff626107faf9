import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { GpuUse, type GpuUseArgs } from "../../components/gpu-use";
import { GPU_USE } from "../../components/gpu-use-rules";
import { imageRef, images } from "../../components/versions";
import { USE_METRIC } from "../../guard/settings";
import type { KubernetesObject } from "../charts/helm";
import { mayConnect } from "../charts/network-policies";
import { validate } from "../charts/valid";
import { find, names, register } from "../harness";
import { creationOrder, Marker } from "../order";

const SCRIPT = readFileSync(join(__dirname, "../../components/gpu-use/publish_use.py"), "utf8");
const make = (change: Partial<GpuUseArgs> = {}) =>
  new GpuUse("gpu-use", {
    clusterName: "kit",
    namespace: "monitoring",
    prometheusUrl: "http://prometheus.monitoring.svc:9090",
    stack: "pilotlight-dev",
    region: "eu-central-1",
    after: [],
    ...change,
  });

interface Deployment {
  metadata: { namespace: string };
  spec: {
    minReadySeconds: number;
    strategy: { type: string };
    template: {
      metadata: { labels: Record<string, string>; annotations: Record<string, string> };
      spec: { containers: { env: { name: string; value: string }[]; [field: string]: unknown }[] };
    };
  };
}
async function build(change?: Partial<GpuUseArgs>) {
  const seen = await register(() => make(change));
  const deployment = find(seen, "kubernetes:apps/v1:Deployment", "gpu-use").inputs as unknown as Deployment;
  const [container] = deployment.spec.template.spec.containers;
  if (container === undefined) throw new Error("no container");
  const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
  return { seen, deployment, template: deployment.spec.template, container, env };
}

describe("GpuUse", () => {
  test("registers the role and one small Deployment with what it mounts", async () => {
    const { seen, container } = await build();
    expect(names(seen)).toEqual([
      ["aws:eks/podIdentityAssociation:PodIdentityAssociation", "gpu-use"],
      ["aws:iam/role:Role", "gpu-use"],
      ["aws:iam/rolePolicy:RolePolicy", "gpu-use-publish"],
      ["kubernetes:apps/v1:Deployment", "gpu-use"],
      ["kubernetes:core/v1:ConfigMap", "gpu-use"],
      ["kubernetes:core/v1:ServiceAccount", "gpu-use"],
      ["kubernetes:networking.k8s.io/v1:NetworkPolicy", "gpu-use"],
      ["pilotlight:index:GpuUse", "gpu-use"],
      ["pilotlight:index:PodRole", "gpu-use"],
    ]);
    expect(container.image).toBe(imageRef(images.litellm));
    expect(container.resources).toEqual({ requests: { cpu: "10m", memory: "96Mi" }, limits: { memory: "192Mi" } });
  });

  test("its role may publish metrics in the guard's namespace, and nothing else", async () => {
    const { seen } = await build({ namespace: "elsewhere" });
    const { policy } = find(seen, "aws:iam/rolePolicy:RolePolicy", "gpu-use-publish").inputs;
    expect(JSON.parse(String(policy)).Statement).toEqual([
      {
        Sid: "PublishUse",
        Effect: "Allow",
        Action: ["cloudwatch:PutMetricData"],
        Resource: "*",
        Condition: { StringEquals: { "cloudwatch:namespace": "Pilotlight" } },
      },
    ]);
    expect(find(seen, "aws:eks/podIdentityAssociation:PodIdentityAssociation", "gpu-use").inputs).toMatchObject({
      namespace: "elsewhere",
      serviceAccount: "gpu-use",
    });
  });

  test("is told what to read, and the very metric that the guard reads", async () => {
    const { env } = await build();
    expect(JSON.parse(env.METRIC ?? "")).toEqual(USE_METRIC);
    expect(env).toMatchObject({
      PROMETHEUS_URL: "http://prometheus.monitoring.svc:9090",
      QUERY: GPU_USE,
      STACK: "pilotlight-dev",
      AWS_DEFAULT_REGION: "eu-central-1",
    });
    const read = [...SCRIPT.matchAll(/os\.environ\["(\w+)"\]/g)].map(([, name]) => name);
    expect(read).toEqual(["PROMETHEUS_URL", "QUERY", "STACK", "METRIC"]);
    expect(Object.keys(env)).toEqual(expect.arrayContaining(read));
  });

  test("the script is the one that is mounted, and another one starts another pod", async () => {
    const { seen, template, container } = await build();
    expect(find(seen, "kubernetes:core/v1:ConfigMap", "gpu-use").inputs.data).toEqual({ "publish_use.py": SCRIPT });
    expect(container.command).toEqual(["python", "/script/publish_use.py"]);
    expect(template.metadata.annotations["pilotlight.dev/script"]).toMatch(/^[0-9a-f]{12}$/);
  });

  test("its pod enters a restricted namespace, on a system node, and Kubernetes takes its objects", async () => {
    const { seen, deployment, template, container } = await build();
    expect(template.spec).toMatchObject({
      serviceAccountName: "gpu-use",
      automountServiceAccountToken: false,
      nodeSelector: { "pilotlight.dev/role": "system" },
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: "RuntimeDefault" } },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(deployment.metadata.namespace).toBe("monitoring");
    const objects = seen.flatMap(({ type, inputs }) => {
      const [, group, kind] = /^kubernetes:(.+):(\w+)$/.exec(type) ?? [];
      if (group === undefined || kind === undefined) return [];
      return [{ ...inputs, kind, apiVersion: group.replace("core/", "") } as unknown as KubernetesObject];
    });
    expect(objects.length).toBe(4);
    expect(await validate(objects)).toEqual([]);
    const everybody = { namespace: "monitoring", labels: { "app.kubernetes.io/name": "prometheus" } };
    expect(mayConnect(objects, "monitoring", everybody, template.metadata.labels, 8080)).toBe(false);
  });

  test("is available only once it has lived through a minute's publishing: one that dies over and over never is", async () => {
    const { deployment } = await build();
    const [, period] = /"PERIOD_SECONDS", "(\d+)"/.exec(SCRIPT) ?? [];
    expect([period, deployment.spec.minReadySeconds]).toEqual(["60", 90]);
  });

  test("is never there twice: a minute published twice would count as two", async () => {
    expect((await build()).deployment.spec.strategy).toEqual({ type: "Recreate" });
  });

  test("comes after its rights and what it reads", async () => {
    const order = await creationOrder(() => make({ after: [new Marker("rules")] }));
    for (const earlier of ["PodIdentityAssociation gpu-use", "ServiceAccount gpu-use", "Marker rules"])
      expect(order.waits("Deployment gpu-use", earlier), earlier).toBe(true);
    expect(order.waits("Deployment gpu-use", "ConfigMap gpu-use")).toBe(true);
  });
});
