import { CONNECT_USAGE, parseConnectOptions } from "./connect-options";
import { forwardFrom, gatewayPod, kubeConfigOf, toGateway } from "./connection";
import { fail } from "./failure";

/*
 * `npm run connect`: the gateway of a stack on this machine, through the Kubernetes API, so that an endpoint inside a VPC
 * can be tried from outside. Who may do this is who has access to the cluster.
 */

async function main(argv: string[]): Promise<void> {
  const options = parseConnectOptions(argv);
  if (options.command === "help") {
    console.log(CONNECT_USAGE);
    return;
  }
  const { stack, port } = options;
  const config = await kubeConfigOf(stack);
  const pod = await gatewayPod(config);
  await forwardFrom(port, await toGateway(config));
  console.log(`http://127.0.0.1:${port}/v1 is ${pod} in ${config.getCurrentContext()}; Ctrl-C ends it`);
  console.log("Key: pulumi stack output apiKey --show-secrets");
}

main(process.argv.slice(2)).catch((error: unknown) => fail(error, "connect"));
