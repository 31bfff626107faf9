import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { LocalWorkspace } from "@pulumi/pulumi/automation";
import { GATEWAY_SERVICE } from "../components/gateway";
import { ADMIN_SECRET } from "../components/gateway-secrets";
import { INFERENCE_NAMESPACE } from "../components/namespaces";
import { adoptedContext, type KubeConfig, kubernetesClient, readyPod } from "./gateway-pod";
import { UsageError } from "./key-options";
import { listenLocally } from "./listen";
import { shortName } from "./stack-name";

/*
 * The way from this machine to a stack's gateway: the cluster's API, by the kubeconfig that the stack puts out or the
 * context of an adopted cluster. Nothing of it passes the load balancer.
 */

const ROOT = join(__dirname, "..");

/** The cluster of a stack; of the selected one where none is named. */
export async function kubeConfigOf(stackName: string | undefined): Promise<KubeConfig> {
  const workspace = await LocalWorkspace.create({ workDir: ROOT });
  const name = stackName ?? (await workspace.stack())?.name;
  if (name === undefined) throw new UsageError(["no stack is selected; name one with --stack NAME"]);
  const outputs = await workspace.stackOutputs(name);
  const config = new (await kubernetesClient()).KubeConfig();
  if (outputs.kubeconfig !== undefined) config.loadFromString(outputs.kubeconfig.value);
  else {
    config.loadFromDefault();
    config.setCurrentContext(adoptedContext(shortName(name), join(ROOT, "stacks")));
  }
  return config;
}

const podsOf = async (config: KubeConfig) => config.makeApiClient((await kubernetesClient()).CoreV1Api);

/** Name of a gateway pod that is ready. */
export const gatewayPod = async (config: KubeConfig): Promise<string> => readyPod(await podsOf(config));

/** What is known of a Secret when it cannot be read. */
const UNREADABLE: Readonly<Record<number, string>> = {
  403: "your access to the cluster does not let you read it",
  404: "there is none; is the stack up?",
};

/**
 * The gateway's master key. For an Authorization header: it is never printed.
 * @throws Error that says why it cannot be read.
 */
export async function masterKey(
  secrets: {
    readNamespacedSecret(request: { name: string; namespace: string }): Promise<{ data?: Record<string, string> }>;
  },
  namespace: string = INFERENCE_NAMESPACE,
): Promise<string> {
  const where = `Secret ${ADMIN_SECRET.name} in namespace ${namespace}`;
  const secret = await secrets.readNamespacedSecret({ name: ADMIN_SECRET.name, namespace }).catch((error: unknown) => {
    const why = UNREADABLE[Number((error as { code?: unknown }).code)];
    throw why === undefined ? error : new Error(`${where} cannot be read: ${why}`);
  });
  const encoded = secret.data?.[ADMIN_SECRET.masterKey];
  if (!encoded) throw new Error(`${where} has no ${ADMIN_SECRET.masterKey}`);
  return Buffer.from(encoded, "base64").toString();
}

/** Brings a connection to where it is wanted; what it returns ends when the connection does. */
type Carry = (socket: Socket) => Promise<{ close(): void }>;

/** Carries each connection to a gateway pod that is ready at that moment. */
export async function toGateway(config: KubeConfig): Promise<Carry> {
  const pods = await podsOf(config);
  const forward = new (await kubernetesClient()).PortForward(config);
  return async (socket) => {
    const pod = await readyPod(pods);
    const line = await forward.portForward(INFERENCE_NAMESPACE, pod, [GATEWAY_SERVICE.port], socket, null, socket);
    return typeof line === "function" ? { close: () => line()?.close() } : line;
  };
}

export interface Forward {
  readonly port: number;
  /** Ends its connections, too. */
  close(): void;
}

/** Takes connections on a port of 127.0.0.1, any free one for 0. */
export async function forwardFrom(port: number, carry: Carry): Promise<Forward> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
    carry(socket)
      .then((line) => {
        if (socket.destroyed) line.close();
        else socket.on("close", () => line.close());
      })
      .catch((error: unknown) => {
        console.error(`connection refused: ${messageOf(error)}`);
        socket.destroy();
      });
  });
  const close = () => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  return { port: await listenLocally(server, port), close };
}

/** What pulumi says, and what is to be done. */
const TOLD: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[] = [
  [
    /spawn pulumi ENOENT/,
    () => "there is no pulumi on the PATH; install the Pulumi CLI: https://www.pulumi.com/docs/install",
  ],
  [/PULUMI_ACCESS_TOKEN must be set for login/, () => "log in first: pulumi login (or pulumi login --local)"],
  [
    /no stack named '([^']+)' found/,
    ([, name]) => `Pulumi has no stack ${name}: pulumi stack init ${name}, or see pulumi stack ls`,
  ],
];

/** What a person can act on: of the CLI's output its own error, without the rest. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  for (const [says, told] of TOLD) {
    const match = says.exec(text);
    if (match !== null) return told(match);
  }
  return /^error: (.+)$/m.exec(text)?.[1] ?? text;
}

/** Asks the gateway of a stack with its master key, through a port that nobody else is told of, closed afterwards. */
export async function withGateway<T>(
  stackName: string | undefined,
  ask: (url: string, masterKey: string) => Promise<T>,
): Promise<T> {
  const config = await kubeConfigOf(stackName);
  const key = await masterKey(await podsOf(config));
  await gatewayPod(config);
  const forward = await forwardFrom(0, await toGateway(config));
  try {
    return await ask(`http://127.0.0.1:${forward.port}`, key);
  } finally {
    forward.close();
  }
}
