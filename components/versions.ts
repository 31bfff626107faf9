/*
 * Everything this kit installs that is made elsewhere, each at one version. To move one: change it here, render the chart
 * again with the kit's values (test/components/chart-values.test.ts says how), rehearse, and read the release notes between
 * the two versions. Helm never upgrades CRDs in a chart's `crds/` folder: those of kube-prometheus-stack and of the load
 * balancer controller have to be applied by hand when a new version changes them.
 */

/** A Helm chart of somebody else's. */
export interface ChartVersion {
  /** Chart name in `repo`, or the whole OCI reference. */
  readonly chart: string;
  /** Chart repository; left out for OCI references. */
  readonly repo?: string;
  readonly version: string;
  /** Where name and version were read. */
  readonly source: string;
  readonly why: string;
}

export const charts = {
  "karpenter-crd": {
    chart: "oci://public.ecr.aws/karpenter/karpenter-crd",
    version: "1.14.1",
    source: "aws/karpenter-provider-aws, tag v1.14.1, charts/karpenter-crd/Chart.yaml",
    why: "a release of its own, so that an upgrade of the controller upgrades its CRDs; always equal to karpenter",
  },
  karpenter: {
    chart: "oci://public.ecr.aws/karpenter/karpenter",
    version: "1.14.1",
    source: "aws/karpenter-provider-aws, tag v1.14.1, charts/karpenter/Chart.yaml",
    why: "newest patch release of 1.14; supports Kubernetes up to 1.36",
  },
  keda: {
    chart: "keda",
    repo: "https://kedacore.github.io/charts",
    version: "2.20.2",
    source: "kedacore/charts, tag v2.20.2, keda/Chart.yaml",
    why: "newest patch release of 2.20 when it was pinned",
  },
  "kube-prometheus-stack": {
    chart: "kube-prometheus-stack",
    repo: "https://prometheus-community.github.io/helm-charts",
    version: "88.5.3",
    source:
      "prometheus-community/helm-charts, tag kube-prometheus-stack-88.5.3, charts/kube-prometheus-stack/Chart.yaml",
    why: "brings the ServiceMonitor and PodMonitor CRDs of operator v0.93.1, which our own charts use",
  },
  "gpu-operator": {
    chart: "gpu-operator",
    repo: "https://helm.ngc.nvidia.com/nvidia",
    version: "v26.7.0",
    source: "NVIDIA/gpu-operator, tag v26.7.0",
    why: "newest release; device plugin 0.20.0 and DCGM exporter 4.8.3 know the Blackwell GPUs of planner/gpus.ts",
  },
  "aws-load-balancer-controller": {
    chart: "aws-load-balancer-controller",
    repo: "https://aws.github.io/eks-charts",
    version: "3.5.0",
    source: "aws/eks-charts, stable/aws-load-balancer-controller/Chart.yaml",
    why: "newest release; chart and controller share the number since 3.0",
  },
} as const satisfies Record<string, ChartVersion>;

export type ChartName = keyof typeof charts;

/** A container image at one tag. */
export interface ImageVersion {
  readonly repository: string;
  readonly tag: string;
  /** `sha256:...` where the digest of the tag is known. */
  readonly digest?: string;
  readonly source: string;
  readonly why: string;
}

export const images = {
  vllm: {
    repository: "docker.io/vllm/vllm-openai",
    tag: "v0.32.0",
    source: "vllm-project/vllm, release v0.32.0",
    why: "has the flags, metrics and drain that components/engines.ts names; its CUDA 13 build needs driver 580 or newer",
  },
  litellm: {
    repository: "ghcr.io/berriai/litellm-database",
    tag: "v1.106.2",
    source: "BerriAI/litellm, release v1.106.2; plain vX.Y.Z tags since BerriAI/litellm-docs#417",
    why: "has sse_keepalive_ping_interval_seconds and cancel_on_disconnect, which the gateway relies on",
  },
  // A row of its own: a new image in a Job's pod replaces the Job, and every model would be copied again.
  modelCopy: {
    repository: "ghcr.io/berriai/litellm-database",
    tag: "v1.106.2",
    source: "BerriAI/litellm, release v1.106.2",
    why: "has huggingface_hub and boto3; stays as it is when the gateway's image moves",
  },
  envoy: {
    repository: "docker.io/envoyproxy/envoy",
    tag: "distroless-v1.40.0",
    source: "envoyproxy/envoy, release v1.40.0",
    why: "newest release; this variant has no shell",
  },
  epp: {
    repository: "registry.k8s.io/gateway-api-inference-extension/epp",
    tag: "v1.5.0",
    source: "kubernetes-sigs/gateway-api-inference-extension, release v1.5.0",
    why: "last release of this project with an endpoint picker; holds requests while no pod is ready",
  },
} as const satisfies Record<string, ImageVersion>;

/** What a pod spec writes for an image: by digest where there is one. */
export function imageRef(image: ImageVersion): string {
  const tagged = `${image.repository}:${image.tag}`;
  return image.digest === undefined ? tagged : `${tagged}@${image.digest}`;
}

export const manifests = {
  inferenceExtension: {
    /** The InferencePool alone, at the commit of the tag; the picker looks for the experimental kinds and does without. */
    url: "https://raw.githubusercontent.com/kubernetes-sigs/gateway-api-inference-extension/df9f8909fe06fe2dfd4a6fc0bd0c01a0acabf849/config/crd/bases/inference.networking.k8s.io_inferencepools.yaml",
    version: "v1.5.0",
    source:
      "kubernetes-sigs/gateway-api-inference-extension, tag v1.5.0, what the release's v1-manifests.yaml is built from",
    why: "the CRDs of the picker's own release",
  },
} as const;

export type AddonName = "vpc-cni" | "kube-proxy" | "coredns" | "eks-pod-identity-agent";

/**
 * EKS addons by Kubernetes minor version; a wrong build number is refused by EKS.
 * Source: the defaults that `aws eks describe-addon-versions --kubernetes-version VERSION` answered in August and September
 * 2026, as public Terraform configurations record them; the agent from public configurations of the same versions.
 */
export const eksAddons: Readonly<Record<string, Readonly<Record<AddonName, string>>>> = {
  "1.34": {
    "vpc-cni": "v1.22.4-eksbuild.3",
    "kube-proxy": "v1.34.6-eksbuild.21",
    coredns: "v1.12.4-eksbuild.29",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
  },
  "1.35": {
    "vpc-cni": "v1.22.4-eksbuild.3",
    "kube-proxy": "v1.35.3-eksbuild.21",
    coredns: "v1.13.2-eksbuild.21",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
  },
};

/** Release of the Amazon Linux 2023 EKS images, and what it holds. */
export const amis = {
  al2023: {
    /** Karpenter's alias is `al2023@<release>`; it takes the NVIDIA variant for GPU types by itself. */
    release: "v20260714",
    /** What a managed node group calls a release, by release and Kubernetes minor version; one name for all variants. */
    managed: {
      v20260714: { "1.34": "1.34.9-20260714", "1.35": "1.35.6-20260714" },
    } as Readonly<Record<string, Readonly<Record<string, string>>>>,
    source: "awslabs/amazon-eks-ami, CHANGELOG.md, AMI Release v20260714",
    why: "newest release with a published package list: NVIDIA driver 580.159.03, container toolkit 1.19.1",
  },
  /** Canonical's EKS image, as SSM keeps it; `current` moves, and nodes that serve are not replaced for it. */
  ubuntu: {
    parameter: (kubernetes: string) =>
      `/aws/service/canonical/ubuntu/eks/24.04/${kubernetes}/stable/current/amd64/hvm/ebs-gp3/ami-id`,
    source: "canonical/ubuntu-cloud-docs, find-ubuntu-images",
    why: "NVIDIA publishes driver containers for Ubuntu and none for Amazon Linux (NVIDIA/gpu-operator#1492)",
  },
} as const;

/** What a managed node group calls an AL2023 release, where the table knows it. */
export const nodeGroupRelease = (release: string, kubernetes: string): string | undefined =>
  amis.al2023.managed[release]?.[kubernetes];
