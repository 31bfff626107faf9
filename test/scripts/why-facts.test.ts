import { describe, expect, test } from "vitest";
import { kubernetesClient } from "../../scripts/gateway-pod";
import { type ClusterReader, ClusterUnreachable, clusterReader, NotRead } from "../../scripts/why-cluster";
import { gatherFacts } from "../../scripts/why-facts";
import { guardOf } from "../../scripts/why-stack";
import { MODEL, NOW, placed } from "./why-samples";

const PROMETHEUS = "http://kube-prometheus-stack-prometheus.monitoring.svc:9090";
const SCALED = { metadata: { name: MODEL }, spec: { triggers: [{ metadata: { serverAddress: PROMETHEUS } }] } };
const PROXY = "/api/v1/namespaces/monitoring/services/kube-prometheus-stack-prometheus:9090/proxy/api/v1/query";

/** A cluster that has lists and texts by path, and nothing else. */
function clusterWith(answers: Readonly<Record<string, unknown>>): ClusterReader {
  const text = async (path: string) => {
    const answer = answers[path.replace(/\?.*/, "")];
    if (answer === 403) throw new NotRead(path, 403, "");
    if (answer === undefined) throw new NotRead(path, 404, "");
    return typeof answer === "string" ? answer : JSON.stringify(answer);
  };
  return { text, items: async <T>(path: string) => (JSON.parse(await text(path)) as { items: T[] }).items };
}

/** What the picker's first request brings has to be 0 before it, and unknown while the router cannot be scraped. */
const QUERY =
  'sum by (job) (inference_extension_flow_control_queue_size) or 0 * sum by (job) (up{job=~"inference/.+-router"} == 1)';

const NEEDED = {
  "/apis/apps/v1/namespaces/inference/deployments": { items: [] },
  "/api/v1/namespaces/inference/pods": { items: [] },
  "/api/v1/events": { items: [] },
  "/api/v1/nodes": { items: [] },
};
const gather = (answers: Readonly<Record<string, unknown>>, more = {}) =>
  gatherFacts({ reader: clusterWith({ ...NEEDED, ...answers }), now: new Date(NOW), ...more });

describe("what is asked of the cluster", () => {
  test("a cluster without Karpenter and KEDA has none of their objects", async () => {
    expect(await gather({})).toMatchObject({
      now: NOW,
      nodePools: [],
      scaledObjects: [],
      held: { unknown: "no ScaledObject names a Prometheus" },
    });
  });
  test("what may not be read of the other namespaces is left out", async () => {
    expect(await gather({ "/apis/apps/v1/deployments": 403 })).toMatchObject({ controllers: [] });
  });
  test("what no answer can do without is a failure", async () => {
    await expect(gather({ "/api/v1/nodes": 403 })).rejects.toThrow(
      "/api/v1/nodes: your access to the cluster does not let you read it",
    );
  });
  test("held requests are those of the namespace's routers", async () => {
    const result = [
      { metric: { job: `inference/${MODEL}-router` }, value: [0, "3"] },
      { metric: { job: `elsewhere/${MODEL}-router` }, value: [0, "5"] },
    ];
    const paths: string[] = [];
    const reader = clusterWith({
      ...NEEDED,
      "/apis/keda.sh/v1alpha1/namespaces/inference/scaledobjects": { items: [SCALED] },
      [PROXY]: { data: { result } },
    });
    const text = (path: string) => {
      paths.push(path);
      return reader.text(path);
    };
    expect((await gatherFacts({ reader: { ...reader, text } })).held).toEqual({ [MODEL]: 3 });
    expect(paths).toContain(`${PROXY}?query=${encodeURIComponent(QUERY)}`);
  });
  test("a Prometheus that does not answer is named", async () => {
    const { held } = await gather({
      "/apis/keda.sh/v1alpha1/namespaces/inference/scaledobjects": { items: [SCALED] },
    });
    expect(held).toEqual({
      unknown: "Prometheus (Service kube-prometheus-stack-prometheus in namespace monitoring) does not answer",
    });
  });
  test("a container that ended has its last words", async () => {
    const pod = placed(60, { restartCount: 1 });
    const name = pod.metadata?.name ?? "";
    const { lastWords } = await gather({
      "/api/v1/namespaces/inference/pods": { items: [pod] },
      [`/api/v1/namespaces/inference/pods/${name}/log`]: "one\ntwo\n",
    });
    expect(lastWords).toEqual({ [name]: "one\ntwo" });
  });
  test("a guard that cannot be asked is a fact, too", async () => {
    const askGuard = () => Promise.reject(new Error("no credentials"));
    expect((await gather({}, { askGuard })).guard).toEqual({ unknown: "no credentials" });
  });
});

test("a cluster that is gone is named", async () => {
  const config = new (await kubernetesClient()).KubeConfig();
  config.loadFromClusterAndUser(
    { name: "gone", server: "https://127.0.0.1:1", skipTLSVerify: false },
    { name: "nobody" },
  );
  const asked = clusterReader(config).text("/api/v1/nodes");
  await expect(asked).rejects.toThrow(ClusterUnreachable);
  await expect(asked).rejects.toThrow(/^the cluster at https:\/\/127.0.0.1:1 does not answer: .*ECONNREFUSED/);
});

describe("what the guard says", () => {
  const answering = (status: object) => async () => ({
    Payload: new TextEncoder().encode(JSON.stringify({ status })) as never,
  });
  test.each([
    [
      { off: { since: NOW, detail: "The lease is over." } },
      { gpusOff: true, since: NOW, because: "The lease is over." },
    ],
    [{}, { gpusOff: false, since: undefined, because: undefined }],
  ])("%j", async (status, fact) => {
    expect(await guardOf("dev", answering(status))).toEqual(fact);
  });
  test("one that takes too long is done without", async () => {
    await expect(guardOf("dev", () => new Promise(() => undefined), 5)).rejects.toThrow(
      "the spend guard did not answer within 0.005 s",
    );
  });
});
