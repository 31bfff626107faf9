import { join } from "node:path";
import type { ControlPlane } from "../control-plane";
import type { LiveTools } from "../equipment";
import type { Processes, Running } from "../processes";

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
