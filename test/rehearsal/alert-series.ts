import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { prometheusRuleSpec } from "../../components/alerts-rules";
import { GPU_USE } from "../../components/gpu-use-rules";

/*
 * Histories of series as kube-state-metrics writes them, and what promtool says of the kit's rules over them.
 */

/** Seconds of the longest hold in these histories. */
export const HOLD = 1200;
const INTERVAL_SECONDS = 30;

/** Values of each series, in promtool's notation, every 30 s. */
export type Series = Record<string, string>;

export interface Expectation {
  readonly series: Series;
  /** Alarms by minute: names with the label that tells which. */
  readonly alarms?: Readonly<Record<number, Readonly<Record<string, readonly Series[]>>>>;
  /** Samples of GPU_USE by minute. */
  readonly use?: Readonly<Record<number, Readonly<Record<string, number>>>>;
}

/** How a tool ended, and all that it said. */
export async function outcome(command: string, args: string[]): Promise<{ code: number; output: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, { timeout: 120_000 });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: `${stdout}${stderr}` };
  }
}

export const spec = (emptyForSeconds: readonly number[] = [300]) =>
  prometheusRuleSpec({
    namespace: "inference",
    longestHoldSeconds: HOLD,
    emptyForSeconds,
    monitoringNamespace: "monitoring",
  });

/** Annotations and severity of an alarm, with the values of its labels put in as Prometheus does. */
function expected(name: string, labels: Series, emptyForSeconds?: readonly number[]) {
  const rule = spec(emptyForSeconds).groups.flatMap(({ rules }) =>
    rules.flatMap((one) => ("alert" in one && one.alert === name ? [one] : [])),
  )[0];
  if (rule === undefined) throw new Error(`no alarm ${name}`);
  const filled = (text: string) => text.replace(/{{ \$labels\.(\w+) }}/g, (_, label: string) => labels[label] ?? "");
  return {
    exp_labels: { severity: "warning", ...labels },
    exp_annotations: {
      summary: filled(rule.annotations.summary),
      description: filled(rule.annotations.description),
    },
  };
}

/** Runs promtool's unit test of one history of series. */
export async function unitTest(
  { promtool, dir }: { promtool: string; dir: string },
  { series, alarms = {}, use = {} }: Expectation,
  emptyForSeconds?: readonly number[],
) {
  const rules = join(dir, "rules.json");
  const tests = join(dir, "tests.json");
  writeFileSync(rules, JSON.stringify(spec(emptyForSeconds)));
  const input_series = Object.entries(series).map(([name, values]) => ({ series: name, values }));
  const alert_rule_test = Object.entries(alarms).flatMap(([minute, byName]) =>
    Object.entries(byName).map(([alertname, labels]) => ({
      eval_time: `${minute}m`,
      alertname,
      exp_alerts: labels.map((each) => expected(alertname, each, emptyForSeconds)),
    })),
  );
  const promql_expr_test = Object.entries(use).map(([minute, byNode]) => ({
    expr: GPU_USE,
    eval_time: `${minute}m`,
    exp_samples: Object.entries(byNode).map(([node, value]) => ({
      labels: `${GPU_USE}{node="${node}", provider_id="${provider(node)}"}`,
      value,
    })),
  }));
  writeFileSync(
    tests,
    JSON.stringify({
      rule_files: [rules],
      evaluation_interval: `${INTERVAL_SECONDS}s`,
      tests: [{ interval: `${INTERVAL_SECONDS}s`, input_series, alert_rule_test, promql_expr_test }],
    }),
  );
  return outcome(promtool, ["test", "rules", tests]);
}

/** For two hours, which no test is longer than. */
export const always = (value: number) => `${value}x240`;
export const provider = (node: string) => `aws:///us-east-1a/i-0${node}`;
export const info = (node: string): Series => ({
  [`kube_node_info{node="${node}", provider_id="${provider(node)}", kernel_version="6.1"}`]: always(1),
});
export const taint = (node: string): Series => ({
  [`kube_node_spec_taint{node="${node}", key="nvidia.com/gpu", value="present", effect="NoSchedule"}`]: always(1),
});
export const gpuNode = (node: string): Series => ({
  ...info(node),
  ...taint(node),
  [`kube_node_status_allocatable{node="${node}", resource="nvidia_com_gpu", unit="integer"}`]: always(4),
});
export const systemNode = (node: string): Series => ({
  ...info(node),
  [`kube_node_status_allocatable{node="${node}", resource="cpu", unit="core"}`]: always(2),
});
const PHASES = ["Pending", "Running", "Succeeded", "Failed", "Unknown"];

interface PodFacts {
  readonly node?: string;
  readonly phase: string;
  readonly namespace?: string;
  readonly resource?: string;
  /** A second exporter of the same series has another address. */
  readonly instance?: string;
}

export function pod(
  name: string,
  { node, phase, namespace = "inference", resource, instance = "10.0.0.1:8080" }: PodFacts,
) {
  const who = `namespace="${namespace}", pod="${name}", uid="uid-${name}", instance="${instance}"`;
  const place = node === undefined ? "" : `, node="${node}"`;
  const series: Series = {
    [`kube_pod_container_resource_requests{${who}, container="engine", resource="${resource ?? "nvidia_com_gpu"}", unit="integer"${place}}`]:
      always(1),
  };
  for (const each of PHASES) series[`kube_pod_status_phase{${who}, phase="${each}"}`] = always(each === phase ? 1 : 0);
  return series;
}

/** Whether a pod is ready, by its condition. */
export const ready = (name: string, values: string, uid = `uid-${name}`): Series => ({
  [`kube_pod_status_ready{namespace="inference", pod="${name}", uid="${uid}", condition="true"}`]: values,
});
