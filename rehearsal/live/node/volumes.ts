import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Cluster } from "../cluster";
import type { V1ConfigMap, V1Container, V1Pod, V1Secret, V1Volume } from "../kubernetes-types";

/*
 * What a kubelet puts into a container, as folders of the run: there is no container, so a path of the pod is a path of the
 * run, wherever the pod spec names it.
 */

/** Makes the volumes of a pod. Returns the folder of each, by name. */
export async function makeVolumes(pod: V1Pod, dir: string, cluster: Cluster): Promise<Record<string, string>> {
  const folders: Record<string, string> = {};
  for (const volume of pod.spec?.volumes ?? []) {
    const folder = join(dir, "volumes", volume.name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [path, contents] of Object.entries(await filesOf(volume, pod.metadata?.namespace ?? "", cluster))) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), contents, { mode: 0o600 });
    }
    folders[volume.name] = folder;
  }
  return folders;
}

async function filesOf(volume: V1Volume, namespace: string, cluster: Cluster): Promise<Record<string, Buffer>> {
  const { name, configMap, secret } = volume;
  if (volume.emptyDir) return {};
  if (configMap?.name) {
    const map = await cluster.get<V1ConfigMap>(`/api/v1/namespaces/${namespace}/configmaps/${configMap.name}`);
    if (map === undefined) throw new Error(`configmap "${configMap.name}" not found`);
    return chosen(
      mapped(map.data, (text) => Buffer.from(text)),
      configMap.items,
    );
  }
  if (secret?.secretName) {
    const found = await cluster.get<V1Secret>(`/api/v1/namespaces/${namespace}/secrets/${secret.secretName}`);
    if (found === undefined) throw new Error(`secret "${secret.secretName}" not found`);
    return chosen(
      mapped(found.data, (text) => Buffer.from(text, "base64")),
      secret.items,
    );
  }
  throw new Error(`volume "${name}" is of a kind that the process node does not know`);
}

const mapped = <T>(data: Readonly<Record<string, string>> | undefined, of: (text: string) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(data ?? {}).map(([key, value]) => [key, of(value)]));

function chosen<T>(
  files: Readonly<Record<string, T>>,
  items: readonly { key: string; path: string }[] | undefined,
): Record<string, T> {
  if (items === undefined) return { ...files };
  return Object.fromEntries(
    items.map(({ key, path }) => {
      const file = files[key];
      if (file === undefined) throw new Error(`references non-existent key: ${key}`);
      return [path, file];
    }),
  );
}

/** A text of the container's spec, with each path below a mount as the path it has here. */
export function relocate(text: string, mounts: Readonly<Record<string, string>>): string {
  // The longest first: /tmp/cache is not a file of /tmp.
  const paths = Object.keys(mounts).sort((a, b) => b.length - a.length);
  if (paths.length === 0) return text;
  const anyOf = paths.map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  return text.replace(
    new RegExp(`(^|[=:,"\\s])(${anyOf})(?=[/:,"\\s]|$)`, "g"),
    (_, before, path) => `${before}${mounts[path]}`,
  );
}

/** Folders by mount path. */
export const mountsOf = (container: V1Container, folders: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    (container.volumeMounts ?? []).map(({ name, mountPath, subPath }) => [
      mountPath,
      join(folders[name] ?? "", subPath ?? ""),
    ]),
  );

/** The container's environment, as its spec has it. */
export async function environmentOf(
  container: V1Container,
  pod: V1Pod,
  cluster: Cluster,
): Promise<Record<string, string>> {
  const { namespace = "", name: podName = "" } = pod.metadata ?? {};
  const env: Record<string, string> = {};
  for (const { name, value, valueFrom } of container.env ?? []) {
    if (valueFrom === undefined) env[name] = value ?? "";
    else if (valueFrom.secretKeyRef) {
      const { name: secret, key } = valueFrom.secretKeyRef;
      const found = await cluster.get<V1Secret>(`/api/v1/namespaces/${namespace}/secrets/${secret}`);
      const text = found?.data?.[key];
      if (text === undefined) throw new Error(`secret "${secret}" has no key "${key}"`);
      env[name] = Buffer.from(text, "base64").toString();
    } else {
      const path = valueFrom.fieldRef?.fieldPath;
      const fields: Record<string, string> = {
        "metadata.namespace": namespace,
        "metadata.name": podName,
        "status.podIP": pod.status?.podIP ?? "",
        "spec.nodeName": pod.spec?.nodeName ?? "",
      };
      const field = path && fields[path];
      if (field === undefined)
        throw new Error(`env ${name}: the process node does not know ${JSON.stringify(valueFrom)}`);
      env[name] = field;
    }
  }
  return env;
}
