import { expect, test } from "vitest";
import type { PodSpec } from "./pods";
import { restrictedFaults } from "./restricted";

const good = (): PodSpec => ({
  securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  volumes: [{ name: "tmp", emptyDir: {} }],
  containers: [
    {
      name: "one",
      image: "image",
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    },
  ],
});

test("a pod that the level allows has no fault", () => {
  expect(restrictedFaults(good())).toEqual([]);
});

const context = (change: Record<string, unknown>) => (spec: PodSpec) => {
  for (const container of spec.containers) container.securityContext = { ...container.securityContext, ...change };
};
const pod = (change: Record<string, unknown>) => (spec: PodSpec) => {
  spec.securityContext = { ...spec.securityContext, ...change };
};
const container = (change: Record<string, unknown>) => (spec: PodSpec) => {
  for (const each of spec.containers) Object.assign(each, change);
};

test.each<[string, (spec: PodSpec) => void]>([
  ["pod: runAsUser is 0", pod({ runAsUser: 0 })],
  ["pod: seccomp Unconfined", pod({ seccompProfile: { type: "Unconfined" } })],
  ["pod: hostNetwork", (spec) => Object.assign(spec, { hostNetwork: true })],
  ["pod: hostPID", (spec) => Object.assign(spec, { hostPID: true })],
  ["pod: hostIPC", (spec) => Object.assign(spec, { hostIPC: true })],
  ["pod: sysctl kernel.msgmax", pod({ sysctls: [{ name: "kernel.msgmax" }] })],
  ["volume disk: hostPath", (spec) => spec.volumes?.push({ name: "disk", hostPath: { path: "/" } })],
  ["volume share: nfs", (spec) => spec.volumes?.push({ name: "share", nfs: {} })],
  ["one: runAsUser is 0", context({ runAsUser: 0 })],
  ["one: privileged", context({ privileged: true })],
  ["one: allowPrivilegeEscalation is not false", context({ allowPrivilegeEscalation: undefined })],
  ["one: procMount Unmasked", context({ procMount: "Unmasked" })],
  ["one: capabilities.drop lacks ALL", context({ capabilities: { drop: ["NET_RAW"] } })],
  ["one: capabilities.add SYS_ADMIN", context({ capabilities: { drop: ["ALL"], add: ["SYS_ADMIN"] } })],
  ["one: runAsNonRoot is not true", pod({ runAsNonRoot: undefined })],
  ["one: no seccompProfile", pod({ seccompProfile: undefined })],
  ["one: AppArmor Unconfined", context({ appArmorProfile: { type: "Unconfined" } })],
  ["one: seLinuxOptions", context({ seLinuxOptions: { type: "spc_t" } })],
  ["one: hostProcess", context({ windowsOptions: { hostProcess: true } })],
  ["one: hostPort", container({ ports: [{ containerPort: 1, hostPort: 1 }] })],
  ["one: a probe or hook names a host", container({ livenessProbe: { httpGet: { path: "/", port: 1, host: "x" } } })],
  ["one: a probe or hook names a host", container({ lifecycle: { preStop: { tcpSocket: { host: "x" } } } })],
])("%s", (fault, change) => {
  const spec = good();
  change(spec);
  expect(restrictedFaults(spec)).toEqual([fault]);
});

test("a container that runs as root by itself, and one that comes before the others", () => {
  const spec = good();
  context({ runAsNonRoot: false })(spec);
  expect(restrictedFaults(spec)).toEqual(["one: runAsNonRoot is false", "one: runAsNonRoot is not true"]);
  expect(restrictedFaults({ ...good(), initContainers: [{ name: "first", image: "image" }] })).toEqual([
    "first: allowPrivilegeEscalation is not false",
    "first: capabilities.drop lacks ALL",
  ]);
});
