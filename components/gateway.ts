import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { ADMIN_SECRET, FIRST_KEY, KEYS_SECRET } from "./gateway-secrets";
import { ownChart } from "./helm";
import { imageRef, images } from "./versions";

/** One model as the gateway offers it. */
export interface GatewayModel {
  /** The `model` of a request. */
  readonly name: string;
  /** The router's base URL, ending in /v1. */
  readonly url: pulumi.Input<string>;
  /** Seconds that one request may take, hold and answer together (planner/hold.ts). */
  readonly timeoutSeconds: number;
  /** US dollars per million tokens, charged against a key's budget. */
  readonly price?: { readonly input: number; readonly output: number };
}

export interface GatewayArgs {
  namespace: pulumi.Input<string>;
  models: readonly GatewayModel[];
  /** Pods. */
  replicas: number;
  /** Seconds that an idle connection stays open: longer than the load balancer keeps it (planner/hold.ts). */
  keepAliveSeconds: number;
  /** Labels of the nodes to run on; none where somebody else runs the nodes. */
  nodeSelector: Readonly<Record<string, string>>;
  /** Postgres address with user and password. Without one the keys are those of a Secret, and there are no budgets. */
  databaseUrl?: pulumi.Input<string>;
  /** Names of ordinary keys beside the first; with a database they are made there instead, at run time. */
  keys?: readonly string[];
}

/** The gateway's Service, by charts/gateway. */
export const GATEWAY_SERVICE = { name: "gateway", port: 4000 } as const;

/** A pull of the image (about 1 GB) and, with a new database, its migrations. */
const TIMEOUT_SECONDS = 900;

/** LiteLLM: who may ask which model, what it cost, and a line that stays open while a model wakes. */
export class Gateway extends pulumi.ComponentResource {
  /** Secret: an ordinary key. The master key stays in the cluster. */
  readonly apiKey: pulumi.Output<string>;
  /** Secret: the named keys by name; undefined where none is asked for. */
  readonly apiKeys: pulumi.Output<Record<string, string>> | undefined;
  readonly release: k8s.helm.v3.Release;
  /** OpenAI-compatible base URL inside the cluster. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:Gateway", name, {}, opts);
    const parent = { parent: this };

    const masterKey = createKey("master-key");
    const apiKey = createKey("api-key");
    const named = Object.fromEntries((args.keys ?? []).map((owner) => [owner, createKey(`key-${owner}`)]));
    const admin = createSecret(ADMIN_SECRET.name, {
      [ADMIN_SECRET.masterKey]: masterKey,
      ...(args.databaseUrl === undefined ? {} : { [ADMIN_SECRET.url]: args.databaseUrl }),
    });
    const keys = createSecret(KEYS_SECRET.name, {
      [KEYS_SECRET.key]: pulumi.jsonStringify({ [FIRST_KEY]: apiKey, ...named }),
    });
    this.apiKey = apiKey;
    this.apiKeys = Object.keys(named).length === 0 ? undefined : pulumi.secret(pulumi.all(named));
    this.release = createRelease();
    this.url = pulumi.interpolate`http://${GATEWAY_SERVICE.name}.${args.namespace}.svc:${GATEWAY_SERVICE.port}/v1`;
    this.registerOutputs({ url: this.url });

    function createKey(which: "master-key" | "api-key" | `key-${string}`): pulumi.Output<string> {
      const { result } = new random.RandomPassword(`${name}-${which}`, { length: 40, special: false }, parent);
      // LiteLLM takes no key without this prefix.
      return pulumi.secret(pulumi.interpolate`sk-${result}`);
    }

    function createSecret(secret: string, stringData: Record<string, pulumi.Input<string>>) {
      return new k8s.core.v1.Secret(
        secret,
        { metadata: { name: secret, namespace: args.namespace }, type: "Opaque", stringData },
        parent,
      );
    }

    function createRelease() {
      return ownChart(
        name,
        {
          chart: "gateway",
          name: GATEWAY_SERVICE.name,
          namespace: args.namespace,
          values: gatewayValues(args, {
            keysVersion: fingerprint([apiKey, ...Object.values(named)]),
            restartOn: fingerprint([masterKey, args.databaseUrl]),
          }),
          timeout: TIMEOUT_SECONDS,
          // The Job puts the keys into the database: until then the stack's output opens nothing.
          waitForJobs: args.databaseUrl !== undefined,
        },
        { ...parent, dependsOn: [admin, keys] },
      );
    }
  }
}

/** Says that a secret has changed, not what it is. */
function fingerprint(secrets: (pulumi.Input<string> | undefined)[]): pulumi.Output<string> {
  const digest = pulumi
    .all(secrets)
    .apply((values) => createHash("sha256").update(values.join("\n")).digest("hex").slice(0, 16));
  return pulumi.unsecret(digest);
}

/** Values of charts/gateway. */
export function gatewayValues(
  args: Omit<GatewayArgs, "namespace">,
  hashes: { keysVersion: pulumi.Input<string>; restartOn: pulumi.Input<string> },
) {
  const postgres = args.databaseUrl !== undefined;
  return {
    image: imageRef(images.litellm),
    replicas: args.replicas,
    keepAliveSeconds: args.keepAliveSeconds,
    nodeSelector: { ...args.nodeSelector },
    models: args.models.map(({ name, url, timeoutSeconds, price }) => ({
      name,
      url,
      timeoutSeconds,
      ...(price === undefined ? {} : { inputCostPerToken: price.input / 1e6, outputCostPerToken: price.output / 1e6 }),
    })),
    masterKey: { secretName: ADMIN_SECRET.name, key: ADMIN_SECRET.masterKey },
    apiKeys: { secretName: KEYS_SECRET.name, key: KEYS_SECRET.key },
    database: postgres ? { mode: "postgres", secretName: ADMIN_SECRET.name, key: ADMIN_SECRET.url } : { mode: "none" },
    ...hashes,
  };
}
