import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ControlPlane } from "../control-plane";
import type { LiveTools } from "../equipment";
import type { Processes, Running } from "../processes";

/** Longer than any of them takes on a busy machine. */
const PATIENCE_MS = 120_000;

export interface ControllersArgs {
  readonly tools: Pick<LiveTools, "kubeControllerManager" | "kubeScheduler">;
  readonly server: ControlPlane;
  /** Folder of the run. */
  readonly dir: string;
  readonly processes: Processes;
}

/**
 * kube-controller-manager and kube-scheduler, with the timers they have by default: those of EKS cannot be changed either.
 */
export function startControllers({ tools, server, dir, processes }: ControllersArgs): Running[] {
  const common = ["--kubeconfig", server.kubeconfigPath, "--leader-elect=false", "--bind-address", "127.0.0.1"];
  return [
    processes.start({
      name: "kube-controller-manager",
      command: tools.kubeControllerManager,
      args: [
        ...common,
        // Its part of the cluster's certificates is not needed; tokens of service accounts are.
        ...["--service-account-private-key-file", join(dir, "control-plane", "service-accounts.key")],
        ...["--use-service-account-credentials=true", "--secure-port", "10257"],
      ],
      graceMs: 0,
    }),
    processes.start({
      name: "kube-scheduler",
      command: tools.kubeScheduler,
      args: [...common, "--secure-port", "10259"],
      graceMs: 0,
    }),
  ];
}

/** Waits for something that comes about by itself. @throws Error that says what did not. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  {
    signal,
    patienceMs = PATIENCE_MS,
    everyMs = 100,
  }: { signal?: AbortSignal; patienceMs?: number; everyMs?: number } = {},
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  let last: unknown;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const why = last instanceof Error ? `; last: ${last.message}` : "";
      throw new Error(`${what}: not within ${patienceMs / 1000} s${why}`);
    }
    await sleep(everyMs);
  }
}

/** Whether an address answers with a status below 400. */
export const answers = (url: string) => async (): Promise<boolean> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    return response.status < 400;
  } catch {
    return false;
  }
};
