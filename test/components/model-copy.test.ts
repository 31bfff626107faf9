import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { ModelCopy, type ModelCopyArgs } from "../../components/model-copy";
import { ModelStore } from "../../components/model-store";
import { imageRef, images } from "../../components/versions";
import type { KubernetesObject } from "../charts/helm";
import { validate } from "../charts/valid";
import { find, type Registered, register } from "../harness";
import { creationOrder, Marker } from "../order";

/** A gateway at another version than the one that the copies were made with. */
vi.mock("../../components/versions", async (original) => {
  const table = await original<typeof import("../../components/versions")>();
  return { ...table, images: { ...table.images, litellm: { ...table.images.litellm, tag: "v99.0.0" } } };
});

const QWEN = { repository: "Qwen/Qwen3-8B", revision: "a".repeat(40) };
const LLAMA = { repository: "meta-llama/Llama-3.1-8B-Instruct", revision: "b".repeat(40) };
const JOB = "kubernetes:batch/v1:Job";

const make = (change: Partial<ModelCopyArgs> = {}) =>
  new ModelCopy("model-copy", {
    clusterName: "kit",
    namespace: "inference",
    store: new ModelStore("models"),
    sources: [QWEN],
    ...change,
  });
const build = async (change?: Partial<ModelCopyArgs>) =>
  (await register(() => make(change))).filter(({ name }) => name !== "models");

interface JobInputs {
  metadata: { name: string; namespace: string; annotations: Record<string, string> };
  spec: { template: { spec: { containers: Container[]; [field: string]: unknown } } };
}
interface Container {
  command: string[];
  env: { name: string; value?: string; valueFrom?: unknown }[];
  [field: string]: unknown;
}
const jobs = (seen: Registered[]) =>
  seen.filter(({ type }) => type === JOB).map(({ inputs }) => inputs as unknown as JobInputs);
const onlyJob = async (change?: Partial<ModelCopyArgs>): Promise<JobInputs> => {
  const [job, ...others] = jobs(await build(change));
  if (job === undefined || others.length > 0) throw new Error("one job was expected");
  return job;
};
const container = (job: JobInputs): Container => {
  const [first] = job.spec.template.spec.containers;
  if (first === undefined) throw new Error("no container");
  return first;
};

describe("ModelCopy", () => {
  test("registers the role, what the pod mounts, and one Job", async () => {
    const seen = await build();
    expect(seen.map(({ type, name }) => [type, name.replace(/-[0-9a-f]{10}$/, "-<id>")])).toEqual([
      ["aws:eks/podIdentityAssociation:PodIdentityAssociation", "model-copy"],
      ["aws:iam/role:Role", "model-copy"],
      ["aws:iam/rolePolicy:RolePolicy", "model-copy-store"],
      [JOB, "model-copy-<id>"],
      ["kubernetes:core/v1:ConfigMap", "model-copy"],
      ["kubernetes:core/v1:ServiceAccount", "model-copy"],
      ["pilotlight:index:ModelCopy", "model-copy"],
      ["pilotlight:index:PodRole", "model-copy"],
    ]);
    const association = find(seen, "aws:eks/podIdentityAssociation:PodIdentityAssociation", "model-copy").inputs;
    expect(association).toMatchObject({ namespace: "inference", serviceAccount: "model-copy" });
  });

  test("a Job for each repository and commit, by a name that stays with it", async () => {
    const both = jobs(await build({ sources: [QWEN, LLAMA] })).map(({ metadata }) => metadata);
    expect(new Set(both.map(({ name }) => name)).size).toBe(2);
    expect(both.map(({ annotations }) => annotations["pilotlight.dev/source"]).sort()).toEqual([
      `${QWEN.repository}@${QWEN.revision}`,
      `${LLAMA.repository}@${LLAMA.revision}`,
    ]);
    const { metadata } = await onlyJob();
    expect(both.map(({ name }) => name)).toContain(metadata.name);
    const moved = await onlyJob({ sources: [{ ...QWEN, revision: "c".repeat(40) }] });
    expect(moved.metadata.name).not.toBe(metadata.name);
  });

  test("is told what to copy, and where to", async () => {
    const { command, env, image } = container(await onlyJob());
    expect(image).toBe(imageRef(images.modelCopy));
    expect(command).toEqual(["python", "/script/copy_model.py"]);
    expect(Object.fromEntries(env.map(({ name, value }) => [name, value]))).toEqual({
      REPOSITORY: "Qwen/Qwen3-8B",
      REVISION: QWEN.revision,
      BUCKET: "models-id",
      PREFIX: `models/Qwen/Qwen3-8B/${QWEN.revision}`,
      HF_HOME: "/tmp/hf",
    });
  });

  test("stays as it is when the gateway's image moves: a new image would copy every model again", async () => {
    expect(images.litellm.tag).toBe("v99.0.0");
    expect(JSON.stringify(await onlyJob())).not.toContain("v99.0.0");
  });

  test("asks little CPU, since it waits for the network", async () => {
    expect(container(await onlyJob()).resources).toEqual({
      requests: { cpu: "100m", memory: "1Gi" },
      limits: { memory: "2Gi" },
    });
  });

  test("its role is for the namespace that it is given", async () => {
    const seen = await build({ namespace: "elsewhere" });
    const { inputs } = find(seen, "aws:eks/podIdentityAssociation:PodIdentityAssociation", "model-copy");
    expect(inputs).toMatchObject({ namespace: "elsewhere", serviceAccount: "model-copy" });
    expect((await onlyJob({ namespace: "elsewhere" })).metadata.namespace).toBe("elsewhere");
  });

  test("every variable that the script reads is set, and the script is the one that is mounted", async () => {
    const script = readFileSync(join(__dirname, "../../components/model-copy/copy_model.py"), "utf8");
    const read = [...script.matchAll(/os\.environ\["(\w+)"\]/g)].map(([, name]) => name);
    expect(read).toEqual(["REPOSITORY", "REVISION", "BUCKET", "PREFIX"]);
    expect(container(await onlyJob()).env.map(({ name }) => name)).toEqual(expect.arrayContaining(read));
    const seen = await build();
    expect(find(seen, "kubernetes:core/v1:ConfigMap", "model-copy").inputs.data).toEqual({ "copy_model.py": script });
  });

  test("asks S3 by listing: under its policy, HEAD of an object that is not there would be answered 403, not 404", () => {
    const script = readFileSync(join(__dirname, "../../components/model-copy/copy_model.py"), "utf8");
    expect(script).not.toContain("head_object");
    expect(script).toContain("list_objects_v2");
  });

  test("a gated repository's token comes from a Secret", async () => {
    expect(container(await onlyJob({ tokenSecret: "hub-token" })).env).toContainEqual({
      name: "HF_TOKEN",
      valueFrom: { secretKeyRef: { name: "hub-token", key: "token" } },
    });
    expect(JSON.stringify(await onlyJob())).not.toContain("HF_TOKEN");
  });

  test("its pod enters a restricted namespace, on a system node, and Kubernetes takes the Job", async () => {
    const job = await onlyJob();
    expect(job.spec.template.spec).toMatchObject({
      restartPolicy: "Never",
      serviceAccountName: "model-copy",
      automountServiceAccountToken: false,
      nodeSelector: { "pilotlight.dev/role": "system" },
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: "RuntimeDefault" } },
    });
    expect(container(job).securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(await validate([job as unknown as KubernetesObject])).toEqual([]);
  });

  test("comes after its rights, its script and its account, may take hours, and an engine comes after it", async () => {
    const order = await creationOrder(() => {
      const job = make().jobs[`${QWEN.repository}@${QWEN.revision}`];
      new Marker("engine", job === undefined ? [] : [job]);
    });
    const job = `Job ${(await onlyJob()).metadata.name}`;
    for (const earlier of [
      "PodIdentityAssociation model-copy",
      "RolePolicy model-copy-store",
      "ConfigMap model-copy",
      "ServiceAccount model-copy",
    ])
      expect(order.waits(job, earlier), earlier).toBe(true);
    expect(order.timeout(job, "create")).toBe("3h");
    expect(order.waits("Marker engine", job)).toBe(true);
  });
});
