import type { PodProcess } from "./node/pod";
import type { ModelSample } from "./record";

export type Queue = Pick<ModelSample, "held" | "running">;

/** What a router shows to Prometheus; nothing while it does not answer, which is not the same as an empty queue. */
export async function metricsOf(router: PodProcess): Promise<string | undefined> {
  if (router.address === undefined) return undefined;
  try {
    const response = await fetch(`http://${router.address}:9090/metrics`, { signal: AbortSignal.timeout(1000) });
    return await response.text();
  } catch {
    return undefined;
  }
}

/** Held and running requests in the endpoint picker's metrics. */
export function queueIn(metrics: string): Queue {
  const sum = (series: string) =>
    metrics
      .split("\n")
      .filter((line) => line.startsWith(`${series}{`))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" "))), 0);
  return {
    held: sum("inference_extension_flow_control_queue_size"),
    running: sum("inference_objective_running_requests"),
  };
}
