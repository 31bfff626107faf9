import { parseArgs } from "node:util";
import { GATEWAY_SERVICE } from "../components/gateway";
import { forwardFrom, gatewayPod, kubeConfigOf, messageOf, toGateway } from "./connection";

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
  const pod = await gatewayPod(config);
  await forwardFrom(port, await toGateway(config));
  console.log(`http://127.0.0.1:${port}/v1 is ${pod} in ${config.getCurrentContext()}; Ctrl-C ends it`);
  console.log("Key: pulumi stack output apiKey --show-secrets");
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(messageOf(error));
  process.exitCode = 1;
});
