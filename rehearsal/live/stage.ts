import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { stackNameInAws } from "../../guard/tags";
import { nodeStages } from "../../planner/cold-start-node";
import type { StackConfig } from "../../stacks/config";
import program from "../../stacks/main";
import type { Account } from "../doubles/aws/account";
import type { Where } from "../doubles/aws/table";
import type { Equipment, LiveTools } from "../equipment";
import { runToEnd } from "../processes";
import { follow } from "../progress";
import type { Run } from "../run";
import { type Stage, startStage } from "../stage";
import type { Vllm } from "../tools/vllm";
import { createStack } from "../workspace";
import { type Boot, startBoot } from "./boot";
import { Cluster } from "./cluster";
import { startControllers } from "./controllers";
import { DeployedGuard } from "./guard";
import { relayAddress } from "./join";
import { setPrices, startKarpenter } from "./karpenter";
import { RELEASE as KEDA, Keda } from "./keda";
import type { V1Pod } from "./kubernetes-types";
import { STAGE_ADDRESS, StageNetwork } from "./network";
import { ProcessNode } from "./node/node";
import { RELEASE as PROMETHEUS, Prometheus } from "./prometheus";
import { releaseValues } from "./release-values";
import { sessionOf } from "./role-session";
import { StageRuntime } from "./runtime";
import { Services } from "./services";
import { eventually } from "./wait";

export interface LiveStageArgs extends Run {
  readonly tools: Equipment & LiveTools;
  readonly stackName: string;
  /** Settings as the stack file has them, and as the program reads them. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly config: StackConfig;
  readonly region: string;
  /** How much faster than planned nodes boot, images come and engines load. */
  readonly speed: number;
  /** The real vLLM, for engines that are not simulated. */
  readonly vllm?: Vllm;
}

const KARPENTER = { name: "karpenter", namespace: "kube-system" } as const;
/** moto's own account. */
const ACCOUNT = "123456789012";

/**
 * A cluster in which everything runs: the program's objects on a real control plane, real controllers, nodes that boot in
 * the AWS double, and pods that are processes.
 */
export class LiveStage {
  private constructor(
    readonly args: LiveStageArgs,
    readonly plain: Stage,
    readonly where: Where,
    readonly cluster: Cluster,
    private readonly services: Services,
    readonly runtime: StageRuntime,
    readonly node: ProcessNode,
    readonly boot: Boot,
    readonly prometheus: Prometheus,
    readonly keda: Keda,
    readonly guard: DeployedGuard,
    readonly stack: Stack,
  ) {}

  static async start(args: LiveStageArgs): Promise<LiveStage> {
    const { tools, dir, processes, say, signal, config, region, speed } = args;
    const network = await StageNetwork.create(dir);
    const certificates = join(dir, "certificates");
    await makeCertificates();
    const plain = await startStage({
      ...args,
      config: args.settings,
      live: {
        address: STAGE_ADDRESS,
        flags: flags(),
        startControllers: (server) => startControllers({ tools, server, dir, processes }),
      },
    });
    const { server, aws } = plain;
    const cluster = await Cluster.open(server);
    const services = new Services(network, say);
    await services.start(cluster);
    const awsUrl = await relayAddress(STAGE_ADDRESS, new URL(aws.url));
    const runtime = new StageRuntime({ ...args, cluster, server, awsUrl });
    await runtime.start();
    const node = new ProcessNode({ cluster, network, runtime, dir: join(dir, "pods"), say });
    await node.start();
    const where = { region, account: ACCOUNT, partition: "aws", apiServer: server.url, caData: server.caData };
    await setPrices(aws.account, where);
    const boot = startBoot({
      account: aws.account,
      api: cluster.api,
      where,
      timings: timings(),
      onGone: (name) => void node.loseNode(name),
      say,
      signal,
    });
    say("controllers, Services and nodes are ready");

    const stack = await createStack({
      dir,
      pulumi: tools.pulumi,
      stackName: args.stackName,
      config: { ...args.settings },
      program,
      env: plain.env,
    });
    await up();
    const guard = await DeployedGuard.open(aws.account, aws.url, where, stackNameInAws("pilotlight", args.stackName));

    const valuesOf = (release: typeof KEDA | typeof PROMETHEUS | typeof KARPENTER) =>
      releaseValues(tools.helm, server.kubeconfigPath, release);
    const common = { tools, cluster, processes, signal };
    const prometheus = new Prometheus({ ...common, server, dir, values: await valuesOf(PROMETHEUS) });
    const kedaArgs = { kubeconfigPath: server.kubeconfigPath, certificates, values: await valuesOf(KEDA) };
    const keda = new Keda({ ...common, ...kedaArgs });
    const startScaling = async () => {
      await Promise.all([prometheus.install().then(() => prometheus.start()), keda.install().then(() => keda.start())]);
      say("Prometheus and KEDA are ready");
    };
    await Promise.all([launchKarpenter(), startScaling()]);
    await everyPodReady();
    return new LiveStage(args, plain, where, cluster, services, runtime, node, boot, prometheus, keda, guard, stack);

    async function makeCertificates() {
      const script = join(__dirname, "certificates.py");
      const names = [certificates, STAGE_ADDRESS, ...Keda.NAMES];
      const log = join(dir, "certificates.log");
      await runToEnd({ name: "certificates", command: tools.python, args: [script, ...names], log }, signal);
    }

    /** By which the API server shows KEDA's metrics server that it is the one that asks. */
    function flags() {
      const file = (name: string) => join(certificates, name);
      return [
        ...["--requestheader-client-ca-file", file("ca.crt"), "--requestheader-allowed-names", "front-proxy"],
        ...["--requestheader-username-headers", "X-Remote-User", "--requestheader-group-headers", "X-Remote-Group"],
        ...["--requestheader-extra-headers-prefix", "X-Remote-Extra-"],
        ...["--proxy-client-cert-file", file("front-proxy.crt"), "--proxy-client-key-file", file("front-proxy.key")],
      ];
    }

    function timings() {
      const stages = nodeStages(config.drivers.from);
      const ms = (stage: string) => ((stages.find(({ name }) => name === stage)?.seconds ?? 0) * 1000) / speed;
      return { bootMs: () => ms("boot"), deviceMs: () => ms("device plugin") };
    }

    async function up(): Promise<void> {
      say(`up of stack ${args.stackName} …`);
      const { steps, onEvent } = follow((line) => say(`  ${line}`));
      try {
        await stack.up({ onEvent, color: "never", signal });
      } catch (error) {
        signal.throwIfAborted();
        throw new Error(`up failed:\n${steps.errors.join("\n") || (error as Error).message}`);
      }
      say(`up: ${steps.byOperation.create ?? 0} resources`);
    }

    async function launchKarpenter(): Promise<void> {
      const values = await valuesOf(KARPENTER);
      await startKarpenter({
        processes,
        binary: tools.karpenter,
        kubeconfigPath: server.kubeconfigPath,
        awsUrl: aws.url,
        region,
        values,
        ports: { metrics: 8184, health: 8185 },
        credentials: await sessionOf(aws.account, where, guard.launchRoleArn(where)),
        signal,
      });
      say("Karpenter is ready");
    }

    /** Routers and gateway; models sleep. */
    async function everyPodReady() {
      const ready = ({ status }: V1Pod) =>
        status?.phase === "Succeeded" ||
        status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True");
      await eventually(
        "every pod of the stack ready",
        async () => {
          const pods = await cluster.list<V1Pod>("/api/v1/namespaces/inference/pods");
          return pods.length > Object.keys(config.models).length && pods.every(ready);
        },
        { signal, patienceMs: 180_000 },
      );
      say("gateway and routers are ready; every model sleeps");
    }
  }

  get account(): Account {
    return this.plain.aws.account;
  }

  async close(): Promise<void> {
    this.prometheus.close();
    this.services.close();
    await this.boot.stop();
    await this.node.close();
    this.cluster.close();
    await this.plain.close();
  }
}
