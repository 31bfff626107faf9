import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LocalWorkspace } from "@pulumi/pulumi/automation";
import { GATEWAY_SERVICE } from "../components/gateway";
import { INFERENCE_NAMESPACE } from "../components/namespaces";
import { adoptedContext, type KubeConfig, kubernetesClient, readyPod } from "./gateway-pod";

/*
 * `npm run connect`: the gateway of a stack on this machine, through the Kubernetes API, so that an endpoint inside a VPC
 * can be tried from outside. Who may do this is who has access to the cluster.
 */

const USAGE = `Usage: npm run connect -- --stack NAME [--port 4000]

Forwards a port of this machine to the stack's gateway, through the cluster's API, until Ctrl-C.

  --stack NAME   the stack, as for pulumi (default: the one that is selected)
  --port PORT    port on 127.0.0.1 (default: ${GATEWAY_SERVICE.port})
  --help         this text

Needs what \`pulumi stack output --show-secrets\` needs, and the AWS CLI for a cluster that the kit has made.`;

const ROOT = join(__dirname, "..");

async function kubeConfigOf(stackName: string | undefined): Promise<KubeConfig> {
  const workspace = await LocalWorkspace.create({ workDir: ROOT });
  const name = stackName ?? (await workspace.stack())?.name;
  if (name === undefined) throw new Error("no stack is selected; name one with --stack NAME");
  const outputs = await workspace.stackOutputs(name);
  const config = new (await kubernetesClient()).KubeConfig();
  if (outputs.kubeconfig !== undefined) config.loadFromString(outputs.kubeconfig.value);
  else {
    config.loadFromDefault();
    config.setCurrentContext(adoptedContext(name, join(ROOT, "stacks")));
  }
  return config;
}

/** Forwards each connection to a gateway pod that is ready at that moment. */
async function forwardFrom(port: number, config: KubeConfig): Promise<Server> {
  const { CoreV1Api, PortForward } = await kubernetesClient();
  const pods = config.makeApiClient(CoreV1Api);
  const forward = new PortForward(config);
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    readyPod(pods)
      .then((pod) => forward.portForward(INFERENCE_NAMESPACE, pod, [GATEWAY_SERVICE.port], socket, null, socket))
      .catch((error: unknown) => {
        console.error(`connection refused: ${messageOf(error)}`);
        socket.destroy();
      });
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new Error(`port ${port} of 127.0.0.1 is taken; choose another with --port`)
          : error,
      ),
    );
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

/** What a person can act on: of the CLI's output its own error, without the rest. */
function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes("spawn pulumi ENOENT"))
    return "there is no pulumi on the PATH; install the Pulumi CLI: https://www.pulumi.com/docs/install";
  return /^error: (.+)$/m.exec(text)?.[1] ?? text;
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new Error(`--port ${text} is not a port; name a number from 1 to 65535`);
  return port;
}

async function main(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      stack: { type: "string", short: "s" },
      port: { type: "string", short: "p", default: String(GATEWAY_SERVICE.port) },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const port = portOf(values.port);
  const config = await kubeConfigOf(values.stack);
  const pod = await readyPod(config.makeApiClient((await kubernetesClient()).CoreV1Api));
  await forwardFrom(port, config);
  console.log(`http://127.0.0.1:${port}/v1 is ${pod} in ${config.getCurrentContext()}; Ctrl-C ends it`);
  console.log("Key: pulumi stack output apiKey --show-secrets");
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(messageOf(error));
  process.exitCode = 1;
});
