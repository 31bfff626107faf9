import { type Container, containersOf, type PodSpec, type Probe } from "./pods";

/*
 * The pod security level `restricted`, which includes `baseline`, for pods on Linux.
 * Source: Kubernetes 1.35, "Pod Security Standards".
 */

const VOLUME_TYPES = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];
const SAFE_SYSCTLS =
  /^(kernel\.shm_rmid_forced|net\.ipv4\.(ip_local_port_range|ip_unprivileged_port_start|tcp_syncookies|ping_group_range|ip_local_reserved_ports|tcp_keepalive_time|tcp_fin_timeout|tcp_keepalive_intvl|tcp_keepalive_probes|tcp_rmem|tcp_wmem))$/;
const SELINUX_TYPES = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

interface SecurityContext {
  runAsNonRoot?: boolean;
  runAsUser?: number;
  privileged?: boolean;
  allowPrivilegeEscalation?: boolean;
  procMount?: string;
  capabilities?: { drop?: string[]; add?: string[] };
  seccompProfile?: { type: string };
  appArmorProfile?: { type: string };
  seLinuxOptions?: { type?: string; user?: string; role?: string };
  windowsOptions?: { hostProcess?: boolean };
  sysctls?: { name: string }[];
}

const contextOf = (holder: { securityContext?: Record<string, unknown> }): SecurityContext =>
  (holder.securityContext ?? {}) as SecurityContext;

/** What is wrong with a security context wherever it stands. */
function commonFaults(context: SecurityContext): string[] {
  const faults: string[] = [];
  const { seLinuxOptions: selinux, seccompProfile: seccomp, appArmorProfile: appArmor } = context;
  if (context.runAsUser === 0) faults.push("runAsUser is 0");
  if (context.runAsNonRoot === false) faults.push("runAsNonRoot is false");
  if (seccomp && !["RuntimeDefault", "Localhost"].includes(seccomp.type)) faults.push(`seccomp ${seccomp.type}`);
  if (appArmor && !["RuntimeDefault", "Localhost"].includes(appArmor.type)) faults.push(`AppArmor ${appArmor.type}`);
  if (selinux && (!SELINUX_TYPES.includes(selinux.type ?? "") || selinux.user || selinux.role))
    faults.push("seLinuxOptions");
  if (context.windowsOptions?.hostProcess) faults.push("hostProcess");
  return faults;
}

function containerFaults(container: Container, pod: SecurityContext): string[] {
  const context = contextOf(container);
  const faults = commonFaults(context);
  if (context.privileged) faults.push("privileged");
  if (context.allowPrivilegeEscalation !== false) faults.push("allowPrivilegeEscalation is not false");
  if (context.procMount !== undefined && context.procMount !== "Default") faults.push(`procMount ${context.procMount}`);
  if (!context.capabilities?.drop?.includes("ALL")) faults.push("capabilities.drop lacks ALL");
  const added = (context.capabilities?.add ?? []).filter((capability) => capability !== "NET_BIND_SERVICE");
  if (added.length > 0) faults.push(`capabilities.add ${added}`);
  if ((context.runAsNonRoot ?? pod.runAsNonRoot) !== true) faults.push("runAsNonRoot is not true");
  if ((context.seccompProfile ?? pod.seccompProfile) === undefined) faults.push("no seccompProfile");
  if ((container.ports ?? []).some(({ hostPort }) => hostPort)) faults.push("hostPort");
  const lifecycle = Object.values(container.lifecycle ?? {}) as Probe[];
  for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe, ...lifecycle])
    if (probe?.httpGet?.host || probe?.tcpSocket?.host) faults.push("a probe or hook names a host");
  return faults.map((fault) => `${container.name}: ${fault}`);
}

/** Why the API server would refuse the pod in a namespace that enforces `restricted`; empty when it would not. */
export function restrictedFaults(spec: PodSpec): string[] {
  const pod = contextOf(spec);
  const faults = commonFaults(pod).map((fault) => `pod: ${fault}`);
  for (const flag of ["hostNetwork", "hostPID", "hostIPC"]) if (spec[flag]) faults.push(`pod: ${flag}`);
  for (const { name } of pod.sysctls ?? []) if (!SAFE_SYSCTLS.test(name)) faults.push(`pod: sysctl ${name}`);
  for (const { name, ...source } of spec.volumes ?? [])
    for (const type of Object.keys(source)) if (!VOLUME_TYPES.includes(type)) faults.push(`volume ${name}: ${type}`);
  return [...faults, ...containersOf(spec).flatMap((container) => containerFaults(container, pod))];
}
