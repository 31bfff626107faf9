import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { USE_METRIC } from "../guard/settings";
import { GPU_USE, GPU_USE_PUBLISHER } from "./gpu-use-rules";
import { PodRole } from "./pod-role";
import type { PolicyDocument } from "./policy-document";
import { SYSTEM_NODES } from "./scheduling";
import { imageRef, images } from "./versions";

export interface GpuUseArgs {
  clusterName: pulumi.Input<string>;
  /** Where Prometheus runs, and this beside it. */
  namespace: pulumi.Input<string>;
  /** The Prometheus that records the use. */
  prometheusUrl: pulumi.Input<string>;
  /** The stack's name in AWS: a dimension of the metric. */
  stack: string;
  region: string;
  /** The release of Prometheus, and the rules that record the use. */
  after: pulumi.Resource[];
  permissionsBoundary?: string;
}

const NAME = GPU_USE_PUBLISHER;
/**
 * It has no probe, so it is ready while it runs. Without this a pod that dies over and over would be available for seconds at
 * each try, and the alarm GpuUseUnpublished would count from there.
 */
const MIN_READY_SECONDS = 90;
const LABELS = { "app.kubernetes.io/name": NAME };
const SCRIPT = readFileSync(join(__dirname, "gpu-use", "publish_use.py"), "utf8");

/** CloudWatch has no resources to name; the namespace is what a role can be held to. */
const mayPublish: PolicyDocument = {
  Version: "2012-10-17",
  Statement: [
    {
      Sid: "PublishUse",
      Effect: "Allow",
      Action: ["cloudwatch:PutMetricData"],
      Resource: "*",
      Condition: { StringEquals: { "cloudwatch:namespace": USE_METRIC.namespace } },
    },
  ],
};

/**
 * Tells CloudWatch once a minute what each GPU instance is used for, because the spend guard looks from outside of the
 * cluster. One custom metric for each instance: $0.30 for a month, by the hour (CloudWatch's price list, us-east-1).
 */
export class GpuUse extends pulumi.ComponentResource {
  readonly deployment: k8s.apps.v1.Deployment;

  constructor(name: string, args: GpuUseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:GpuUse", name, {}, opts);
    const parent = { parent: this };
    const metadata = { name: NAME, namespace: args.namespace };

    const role = new PodRole(
      name,
      {
        clusterName: args.clusterName,
        namespace: args.namespace,
        serviceAccount: NAME,
        policies: { publish: JSON.stringify(mayPublish) },
        permissionsBoundary: args.permissionsBoundary,
      },
      parent,
    );
    const account = new k8s.core.v1.ServiceAccount(name, { metadata, automountServiceAccountToken: false }, parent);
    const script = new k8s.core.v1.ConfigMap(name, { metadata, data: { "publish_use.py": SCRIPT } }, parent);
    // It asks and is not asked.
    const policy = new k8s.networking.v1.NetworkPolicy(
      name,
      { metadata, spec: { podSelector: { matchLabels: LABELS }, policyTypes: ["Ingress"] } },
      parent,
    );
    this.deployment = new k8s.apps.v1.Deployment(
      name,
      {
        metadata: { ...metadata, labels: LABELS },
        spec: {
          replicas: 1,
          minReadySeconds: MIN_READY_SECONDS,
          // Two at once would publish every minute twice.
          strategy: { type: "Recreate" },
          selector: { matchLabels: LABELS },
          template: podTemplate(args, script),
        },
      },
      { ...parent, dependsOn: [role.association, account, policy, ...args.after] },
    );
    this.registerOutputs({});
  }
}

const podTemplate = (
  { prometheusUrl, stack, region }: GpuUseArgs,
  script: k8s.core.v1.ConfigMap,
): k8s.types.input.core.v1.PodTemplateSpec => ({
  metadata: {
    labels: LABELS,
    // A running pod does not see a new script.
    annotations: { "pilotlight.dev/script": createHash("sha256").update(SCRIPT).digest("hex").slice(0, 12) },
  },
  spec: {
    serviceAccountName: NAME,
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
        name: "publish",
        // The gateway's: it has boto3, and the system nodes have pulled it already.
        image: imageRef(images.litellm),
        command: ["python", "/script/publish_use.py"],
        env: [
          { name: "PROMETHEUS_URL", value: prometheusUrl },
          { name: "QUERY", value: GPU_USE },
          { name: "STACK", value: stack },
          { name: "METRIC", value: JSON.stringify(USE_METRIC) },
          { name: "AWS_DEFAULT_REGION", value: region },
          { name: "PYTHONDONTWRITEBYTECODE", value: "1" },
        ],
        resources: { requests: { cpu: "10m", memory: "96Mi" }, limits: { memory: "192Mi" } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        volumeMounts: [{ name: "script", mountPath: "/script", readOnly: true }],
      },
    ],
    volumes: [{ name: "script", configMap: { name: script.metadata.name } }],
  },
});
