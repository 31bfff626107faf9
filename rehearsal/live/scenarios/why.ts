import { join } from "node:path";
import { kubernetesClient } from "../../../scripts/gateway-pod";
import type { State } from "../../../scripts/why-cause";
import { type ClusterReader, clusterReader } from "../../../scripts/why-cluster";
import { type Answer, explain } from "../../../scripts/why-explain";
import { gatherFacts } from "../../../scripts/why-facts";
import { type CapacityRule, setCapacity } from "../karpenter";
import { STAGE_ADDRESS } from "../network";
import type { Session } from "../session";

const NODE_POOL = "/apis/karpenter.sh/v1/nodepools/h100-on-demand";
const SMALL = "qwen3-8b";
const LARGE = "qwen3-32b";
/** Karpenter, EC2 and KEDA each take some seconds, and an event comes after what it tells of. */
const PATIENCE_MS = 90_000;

/** What `npm run why` says while EC2 has no GPU, the quota has no room, and a NodePool may not grow. */
export async function why(session: Session): Promise<void> {
  const { account, where, cluster } = session.stage;
  const leave = new AbortController();
  const limit = (gpus: number) => cluster.patch(NODE_POOL, { spec: { limits: { "nvidia.com/gpu": `${gpus}` } } });
  const ask = (model: string) =>
    session.ask({ model, stream: true, tokens: 16, prompt: "Why does it take so long?", signal: leave.signal });
  session.differs({
    what: "way of npm run why to Prometheus",
    ships: "through the API server, to the Service's pod",
    here: "directly",
    why: "Prometheus is a program of the stage, and the API server leads to pods alone",
  });
  try {
    await session.asleep();
    await session.eventually("GPU nodes gone", () => session.observer.gpuNodes().length === 0);
    await says(session, SMALL, "asleep", ["Nothing is asked of it"]);
    await refuse(session, [{ type: "g6e.*" }, { type: "g5.*" }]);
    await limit(0);
    const held = [ask(SMALL), ask(LARGE)];
    await says(session, LARGE, "limit", ["h100-on-demand has 0 of at most 0", "raise maxGpus of pool h100", "held"]);
    await says(session, SMALL, "no-capacity", [
      "gets no node: EC2 has no capacity for any of its choices",
      "NodePool l40s-spot EC2 refused g6e.",
      "NodePool a10g-on-demand EC2 refused g5.",
      "InsufficientInstanceCapacity",
      "1 request is held",
    ]);
    await refuse(session, [{ type: "g*" }, { type: "p5*", vcpus: 0 }]);
    await limit(1);
    await says(session, LARGE, "quota", ["VcpuLimitExceeded", "Running On-Demand P instances"], ["L-417A185B"]);
    leave.abort();
    await Promise.allSettled(held);
  } finally {
    leave.abort();
    await limit(1);
    await setCapacity(account, where, []);
  }
}

async function refuse({ stage: { account, where }, observer }: Session, rules: readonly CapacityRule[]): Promise<void> {
  await setCapacity(account, where, rules);
  observer.event(
    "AWS",
    rules
      .map(({ type, vcpus }) => `${type}: ${vcpus === undefined ? "no capacity" : `quota of ${vcpus} vCPUs`}`)
      .join(", "),
  );
}

async function says(
  session: Session,
  model: string,
  state: State,
  words: readonly string[],
  commands: readonly string[] = [],
): Promise<void> {
  let last: Answer | undefined;
  const right = ({ text, commands: own, state: is }: Answer) =>
    is === state &&
    words.every((word) => text.includes(word)) &&
    commands.every((word) => own.some((command) => command.includes(word)));
  const found = await session
    .eventually(
      `${model}: ${state}`,
      async () => {
        last = await asked(session, model);
        return last !== undefined && right(last);
      },
      PATIENCE_MS,
    )
    .catch(() => false);
  session.finds(found === true, `${state}: ${[last?.text, ...(last?.commands ?? [])].join(" ")}`);
}

/** As the command does it, with the kubeconfig of the stage. */
async function asked({ stage }: Session, model: string): Promise<Answer | undefined> {
  const config = new (await kubernetesClient()).KubeConfig();
  config.loadFromFile(join(stage.args.dir, "control-plane", "kubeconfig"));
  const reader = withPrometheus(clusterReader(config));
  const facts = await gatherFacts({ reader, stack: "live", region: stage.where.region });
  return explain(facts, [model])[0];
}

/** The API server leads to a Service's pods alone, and Prometheus is no pod here. */
const withPrometheus = (reader: ClusterReader): ClusterReader => ({
  ...reader,
  text: async (path) => {
    const [, query] = /:9090\/proxy(\/.+)$/.exec(path) ?? [];
    return query === undefined ? reader.text(path) : (await fetch(`http://${STAGE_ADDRESS}:9090${query}`)).text();
  },
});
