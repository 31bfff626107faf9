import { nameOf } from "../cluster";
import type { V1Pod } from "../kubernetes-types";
import { type PodArgs, PodProcess } from "./pod";

/**
 * The kubelet of every node of the stage: what the scheduler binds to one of them runs here as processes, each pod in a
 * network of its own.
 */
export class ProcessNode {
  private readonly pods = new Map<string, PodProcess>();

  constructor(private readonly args: PodArgs) {}

  async start(): Promise<void> {
    await this.args.cluster.watch<V1Pod>("/api/v1/pods", (type, pod) => {
      const uid = pod.metadata?.uid ?? nameOf(pod);
      const here = this.pods.get(uid);
      if (type === "gone") {
        this.pods.delete(uid);
        void here?.end();
      } else if (here !== undefined) here.update(pod);
      else if (pod.spec?.nodeName !== undefined && !isOver(pod)) this.take(uid, pod);
    });
  }

  private take(uid: string, pod: V1Pod): void {
    const process = new PodProcess(pod, this.args);
    this.pods.set(uid, process);
    void process.start();
    process.update(pod);
  }

  /** The pods with these labels, as they run here. */
  find(labels: Readonly<Record<string, string>>): PodProcess[] {
    return [...this.pods.values()].filter(({ spec }) =>
      Object.entries(labels).every(([key, value]) => spec.metadata?.labels?.[key] === value),
    );
  }

  /** A node went away, and everything on it. */
  async loseNode(name: string): Promise<void> {
    await Promise.all(
      [...this.pods.values()].filter(({ spec }) => spec.spec?.nodeName === name).map((pod) => pod.end()),
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.pods.values()].map((pod) => pod.end()));
  }
}

const isOver = ({ status }: V1Pod) => status?.phase === "Succeeded" || status?.phase === "Failed";
