/*
 * A process of its own for control-plane.test.ts: starts a control plane in the folder that its first argument names, with
 * the programs that follow, says how to reach it, and waits until it is killed.
 */
import { startControlPlane } from "../../rehearsal/control-plane";
import { withProcesses } from "../../rehearsal/processes";

const [dir = "", etcd = "", kubeApiserver = ""] = process.argv.slice(2);

void withProcesses(dir, async (processes, signal) => {
  const { url } = await startControlPlane({ dir, tools: { etcd, kubeApiserver }, processes, say: () => {}, signal });
  console.log(`ready ${url} ${processes.pids.join(" ")}`);
  await new Promise(() => setInterval(() => undefined, 1000));
});
