import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { paginateListMetrics } from "@aws-sdk/client-cloudwatch";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { prometheusRuleSpec } from "../../components/alerts-rules";
import { ENGINES } from "../../components/engines";
import { GPU_USE } from "../../components/gpu-use-rules";
import { clients } from "../../guard/clients";
import { facts } from "../../guard/facts";
import { Faults } from "../../guard/faults";
import { type GuardSettings, USE_METRIC } from "../../guard/settings";
import { GPU_POOL_TAG, STACK_TAG } from "../../guard/tags";
import { text } from "../../rehearsal/doubles/aws/table";
import { candidatePort, firstEphemeralPort } from "../../rehearsal/ports";
import { Processes, type Running } from "../../rehearsal/processes";
import { type AwsStage, startStage, tools, WHERE } from "./aws-stage";
import { BARE } from "./programs";
import { LocalServer } from "./servers";

/*
 * The way of a GPU's use from its exporter to the guard: a real Prometheus scrapes and records, the script that ships publishes,
 * the account is moto's, and the guard's own code reads it back.
 */

const SCRIPT = join(__dirname, "../../components/gpu-use/publish_use.py");
const STACK = "pilotlight-dev";
const PATIENCE_MS = 60_000;
const CREDENTIALS = { accessKeyId: "rehearsal", secretAccessKey: "rehearsal" };

let on: AwsStage;
let programs: { python: string; prometheus: string };
let dir: string;
let processes: Processes;
const servers: LocalServer[] = [];

beforeAll(async () => {
  programs = await tools("python", "prometheus");
  on = await startStage();
  dir = mkdtempSync(join(tmpdir(), "pilotlight-use-"));
  processes = new Processes(dir);
});
afterEach(async () => {
  await Promise.all(publishers.splice(0).map((each) => each.stop()));
  await Promise.all(servers.splice(0).map((each) => each.stop()));
});
afterAll(async () => {
  await processes?.stopAll();
  await on?.close();
  rmSync(dir, { recursive: true, force: true });
});

const publishers: Running[] = [];
const logOf = ({ args }: Running) => readFileSync(args.log, "utf8");

/** The script as its container runs it, but every second. */
function publisher(name: string, prometheusUrl: string, env: Record<string, string> = {}): Running {
  const running = processes.start({
    name,
    command: programs.python,
    args: [SCRIPT],
    env: {
      ...BARE,
      PROMETHEUS_URL: prometheusUrl,
      QUERY: GPU_USE,
      STACK,
      METRIC: JSON.stringify(USE_METRIC),
      PERIOD_SECONDS: "1",
      AWS_ENDPOINT_URL: on.aws.url,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      AWS_DEFAULT_REGION: WHERE.region,
      ...env,
    },
  });
  publishers.push(running);
  return running;
}

const says = (running: Running, line: string) => running.ready(async () => logOf(running).includes(line), PATIENCE_MS);

/** A Prometheus with the kit's rules that scrapes one page of text. */
async function prometheus(page: () => string): Promise<string> {
  const exporter = await LocalServer.start(() => ({ status: 200, body: Buffer.from(page()) }));
  servers.push(exporter);
  const rules = join(dir, "rules.json");
  const config = join(dir, "prometheus.json");
  writeFileSync(
    rules,
    JSON.stringify(
      prometheusRuleSpec({
        namespace: "inference",
        longestHoldSeconds: 900,
        emptyForSeconds: [300],
        monitoringNamespace: "monitoring",
      }),
    ),
  );
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
      rule_files: [rules],
      scrape_configs: [
        {
          job_name: "exporters",
          honor_labels: true,
          fallback_scrape_protocol: "PrometheusText0.0.4",
          static_configs: [{ targets: [exporter.url.replace("http://", "")] }],
        },
      ],
    }),
  );
  const url = `http://127.0.0.1:${candidatePort(firstEphemeralPort())}`;
  const running = processes.start({
    name: "prometheus",
    command: programs.prometheus,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(dir, "data")}`,
      `--web.listen-address=${url.replace("http://", "")}`,
    ],
    env: BARE,
  });
  const ready = () =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await running.ready(ready, PATIENCE_MS);
  return url;
}

/** A Prometheus that answers what it is told to. */
async function recorded(answer: () => { status: number; body: object }): Promise<string> {
  const server = await LocalServer.start(answer);
  servers.push(server);
  return server.url;
}

const vector = (use: Readonly<Record<string, string>>) => ({
  status: 200,
  body: {
    status: "success",
    data: {
      resultType: "vector",
      result: Object.entries(use).map(([provider_id, percent]) => ({ metric: { provider_id }, value: [0, percent] })),
    },
  },
});

const admin = () => clients({ region: WHERE.region, endpoint: on.aws.url, credentials: CREDENTIALS });

/** Instances that the account has a metric of, in this stack. */
async function published(stack: string): Promise<string[]> {
  const [stackName, instanceName] = USE_METRIC.dimensions;
  const found: string[] = [];
  const pages = paginateListMetrics(
    { client: admin().cloudWatch },
    { Namespace: USE_METRIC.namespace, MetricName: USE_METRIC.name },
  );
  for await (const { Metrics = [] } of pages)
    for (const { Dimensions = [] } of Metrics) {
      const values = new Map(Dimensions.map(({ Name, Value }) => [Name, Value]));
      if (values.get(stackName) === stack) found.push(values.get(instanceName) ?? "");
    }
  // One entry for each point, in this account.
  return [...new Set(found)].sort();
}

async function gpuInstance(): Promise<string> {
  const Tags = [
    { Key: STACK_TAG, Value: STACK },
    { Key: GPU_POOL_TAG, Value: "l40s" },
  ];
  const answer = await on.call("ec2", "RunInstances", {
    ImageId: "ami-12c6146b",
    InstanceType: "g6e.xlarge",
    MinCount: 1,
    MaxCount: 1,
    TagSpecifications: [{ ResourceType: "instance", Tags }],
  });
  return text(answer, "Instances.0.InstanceId");
}

/** Lines of kube-state-metrics on a GPU node, with an engine on it if it has one. */
function nodeLines(node: string, instance: string, engine: boolean): string[] {
  const pod = `namespace="inference",pod="engine-${node}",uid="uid-${node}"`;
  return [
    `kube_node_info{node="${node}",provider_id="aws:///us-east-1a/${instance}"} 1`,
    `kube_node_spec_taint{node="${node}",key="nvidia.com/gpu",value="present",effect="NoSchedule"} 1`,
    `kube_node_status_allocatable{node="${node}",resource="nvidia_com_gpu",unit="integer"} 1`,
    ...(engine
      ? [
          `kube_pod_container_resource_requests{${pod},container="engine",node="${node}",resource="nvidia_com_gpu",unit="integer"} 1`,
          `kube_pod_status_phase{${pod},phase="Running"} 1`,
          `kube_pod_status_ready{${pod},condition="true"} 1`,
        ]
      : []),
  ];
}
const utilization = (node: string, gpu: number, percent: number) =>
  `DCGM_FI_DEV_GPU_UTIL{gpu="${gpu}",hostname="${node}",namespace="inference",pod="engine-${node}"} ${percent}`;
const tokenLines = (node: string, tokens: number) =>
  ENGINES.vllm.tokenCounters.map(
    (name) => `${name}{engine="0",model_name="qwen",namespace="inference",pod="engine-${node}"} ${tokens}`,
  );

test("what exporters and engines say is what the guard reads of their instances", async () => {
  const serving = await gpuInstance();
  const brief = await gpuInstance();
  const idle = await gpuInstance();
  const empty = await gpuInstance();
  const unread = await gpuInstance();
  const launched = Date.now();
  const lines = [
    ...nodeLines("serving", serving, true),
    ...nodeLines("brief", brief, true),
    ...nodeLines("idle", idle, true),
    ...nodeLines("empty", empty, false),
    ...nodeLines("unread", unread, true),
    utilization("serving", 0, 12),
    utilization("serving", 1, 73),
    utilization("brief", 0, 0),
    utilization("idle", 0, 0),
    ...tokenLines("idle", 500),
    utilization("unread", 0, 0),
  ];
  let scrapes = 0;
  const page = () => {
    scrapes += 1;
    return `${[...lines, ...tokenLines("brief", 20 * scrapes)].join("\n")}\n`;
  };
  const script = publisher("publish", await prometheus(page));
  await says(script, "published the use of 4 GPU instances");

  const settings: GuardSettings = {
    stack: STACK,
    stackShort: "dev",
    stateParameter: "unused",
    topicArn: "unused",
    limitUsdPerHour: 100,
    prices: {},
    pools: { l40s: { idleSeconds: 120 } },
  };
  // Just past their idle time, so that the window that the guard asks for begins before the first point.
  const now = new Date(launched + 121_000);
  const faults = new Faults();
  const { use } = await facts(admin(), settings, now, faults);
  expect(faults.all).toEqual([]);
  // An engine whose answers fall between DCGM's samples is used by what it counts.
  expect(Object.fromEntries(Object.entries(use).map(([id, { highest }]) => [id, highest]))).toEqual({
    [serving]: 73,
    [brief]: 100,
    [idle]: 0,
    [empty]: 0,
    [unread]: 0,
  });
  // A gap is not a zero: where DCGM sees nothing and the engine cannot be asked, there is no point.
  for (const id of [idle, empty]) expect(use[id]?.points).toBeGreaterThan(0);
  expect(use[unread]?.points).toBe(0);
  expect(await published(STACK)).toEqual([serving, brief, idle, empty].sort());
});

describe("the script", () => {
  test("publishes more instances than one call takes, and passes over nodes that are no EC2 instance", async () => {
    const ids = Array.from({ length: 1001 }, (_, index) => `i-${`${index}`.padStart(17, "0")}`);
    const use = Object.fromEntries(ids.map((id) => [`aws:///us-east-1a/${id}`, "5"]));
    const others = { "aws:///us-east-1a/fargate-10.0.0.1": "5", "kind://docker/kind": "5", "": "5" };
    const url = await recorded(() => vector({ ...use, ...others, "aws:///us-east-1a/i-nan": "NaN" }));
    const script = publisher("many", url, { STACK: "many" });
    await says(script, "published the use of 1001 GPU instances");
    expect(await published("many")).toEqual(ids);
  });

  test("says nothing to CloudWatch where there is no GPU instance: that costs nothing", async () => {
    const script = publisher("none", await recorded(() => vector({})), { STACK: "none" });
    await says(script, "published the use of 0 GPU instances");
    expect(await published("none")).toEqual([]);
  });

  test("goes on after Prometheus or AWS have failed, and says what was wrong", async () => {
    let answer: () => { status: number; body: object } = () => ({ status: 503, body: {} });
    const script = publisher("outage", await recorded(() => answer()), { STACK: "outage" });
    await says(script, "published nothing this minute: HTTPError: HTTP Error 503");
    answer = () => vector({ "aws:///us-east-1a/i-1": "8" });
    await says(script, "published the use of 1 GPU instances");
    expect(script.hasEnded).toBe(false);

    const refused = publisher("refused", await recorded(() => answer()), { AWS_ENDPOINT_URL: "http://127.0.0.1:9" });
    await says(refused, "published nothing this minute: EndpointConnectionError");
    expect(refused.hasEnded).toBe(false);
  });

  test("ends at once when its pod is to end", async () => {
    const script = publisher("ending", await recorded(() => vector({})), { STACK: "none", PERIOD_SECONDS: "3600" });
    await says(script, "publishing GpuUse of none every 3600 s");
    await script.stop();
    expect(await script.ended).toBe("code 0");
  });
});
