import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { storePrefix } from "../planner/source";
import { copyStorePolicy, type ModelStore } from "./model-store";
import { PodRole } from "./pod-role";
import { SYSTEM_NODES } from "./scheduling";
import { imageRef, images } from "./versions";

export interface ModelCopyArgs {
  clusterName: pulumi.Input<string>;
  namespace: pulumi.Input<string>;
  store: ModelStore;
  /** Hugging Face repositories, each at a commit. */
  sources: { repository: string; revision: string }[];
  /** Secret with the key `token`, for gated repositories. */
  tokenSecret?: pulumi.Input<string>;
  permissionsBoundary?: string;
}

const SERVICE_ACCOUNT = "model-copy";
/** A 140 GB model at 100 MB/s takes 25 minutes; a slow hub takes longer. */
const COPY_TIMEOUT = "3h";
const SCRIPT = readFileSync(join(__dirname, "model-copy", "copy_model.py"), "utf8");

/** Copies of Hugging Face repositories in the account's own bucket: one Job for each repository and commit, run once. */
export class ModelCopy extends pulumi.ComponentResource {
  /** The Job of each `repository@revision`; an engine that reads the copy depends on it. */
  readonly jobs: Readonly<Record<string, k8s.batch.v1.Job>>;

  constructor(name: string, args: ModelCopyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:ModelCopy", name, {}, opts);
    const parent = { parent: this };

    const role = new PodRole(
      name,
      {
        clusterName: args.clusterName,
        namespace: args.namespace,
        serviceAccount: SERVICE_ACCOUNT,
        policies: { store: copyStorePolicy(args.store.arn) },
        permissionsBoundary: args.permissionsBoundary,
      },
      // The role is AWS's, the Jobs are the cluster's: each takes the provider of its own package from the options.
      parent,
    );
    const account = new k8s.core.v1.ServiceAccount(
      name,
      { metadata: { name: SERVICE_ACCOUNT, namespace: args.namespace }, automountServiceAccountToken: false },
      parent,
    );
    const script = new k8s.core.v1.ConfigMap(
      name,
      { metadata: { name: "model-copy", namespace: args.namespace }, data: { "copy_model.py": SCRIPT } },
      parent,
    );
    this.jobs = Object.fromEntries(
      args.sources.map((source) => [`${source.repository}@${source.revision}`, createJob(source)]),
    );
    this.registerOutputs({});

    function createJob(source: { repository: string; revision: string }) {
      const id = createHash("sha256").update(`${source.repository}@${source.revision}`).digest("hex").slice(0, 10);
      return new k8s.batch.v1.Job(
        `${name}-${id}`,
        {
          metadata: {
            name: `${name}-${id}`,
            namespace: args.namespace,
            annotations: { "pilotlight.dev/source": `${source.repository}@${source.revision}` },
          },
          spec: {
            backoffLimit: 6,
            template: { metadata: { labels: { "app.kubernetes.io/name": "model-copy" } }, spec: podSpec(source) },
          },
        },
        { ...parent, dependsOn: [role.association, script, account], customTimeouts: { create: COPY_TIMEOUT } },
      );
    }

    function podSpec({
      repository,
      revision,
    }: {
      repository: string;
      revision: string;
    }): k8s.types.input.core.v1.PodSpec {
      return {
        restartPolicy: "Never",
        serviceAccountName: SERVICE_ACCOUNT,
        automountServiceAccountToken: false,
        nodeSelector: SYSTEM_NODES,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 10001,
          runAsGroup: 10001,
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [
          {
            name: "copy",
            image: imageRef(images.modelCopy),
            command: ["python", "/script/copy_model.py"],
            env: [
              { name: "REPOSITORY", value: repository },
              { name: "REVISION", value: revision },
              { name: "BUCKET", value: args.store.bucket },
              { name: "PREFIX", value: storePrefix({ repository, revision }) },
              { name: "HF_HOME", value: "/tmp/hf" },
              ...(args.tokenSecret === undefined
                ? []
                : [{ name: "HF_TOKEN", valueFrom: { secretKeyRef: { name: args.tokenSecret, key: "token" } } }]),
            ],
            resources: { requests: { cpu: "100m", memory: "1Gi" }, limits: { memory: "2Gi" } },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ["ALL"] },
            },
            volumeMounts: [
              { name: "script", mountPath: "/script", readOnly: true },
              { name: "tmp", mountPath: "/tmp" },
            ],
          },
        ],
        volumes: [
          { name: "script", configMap: { name: script.metadata.name } },
          { name: "tmp", emptyDir: { sizeLimit: "1Gi" } },
        ],
      };
    }
  }
}
