import { parse } from "yaml";
import { type KubernetesObject, pick } from "./helm";

export interface EnvoyFilter {
  name: string;
  typed_config: { [field: string]: unknown };
}
export interface EnvoyConfig {
  admin: unknown;
  static_resources: {
    listeners: { address: unknown; tcp_keepalive: unknown; filter_chains: { filters: EnvoyFilter[] }[] }[];
    clusters: { name: string; [field: string]: unknown }[];
  };
}
export interface PickerConfig {
  flowControl: { defaultRequestTTL: string; maxBytes: string };
  [field: string]: unknown;
}

/** The two configuration files of a router, parsed. */
export function routerConfig(objects: readonly KubernetesObject[], release: string) {
  const { data } = pick<{ data: Record<string, string> }>(objects, "ConfigMap", `${release}-router`);
  if (Object.keys(data).sort().join() !== "envoy.yaml,epp.yaml") throw new Error(`files ${Object.keys(data)}`);
  return { epp: parse(data["epp.yaml"] ?? "") as PickerConfig, envoy: parse(data["envoy.yaml"] ?? "") as EnvoyConfig };
}

/** Envoy's HTTP connection manager: its one listener has one filter chain with that filter alone. */
export function connectionManager({ static_resources: { listeners } }: EnvoyConfig) {
  const filters = listeners.flatMap(({ filter_chains }) => filter_chains.flatMap((chain) => chain.filters));
  const [manager] = filters;
  if (manager === undefined || filters.length > 1) throw new Error(`${filters.length} network filters`);
  return manager.typed_config as { http_filters: EnvoyFilter[]; [field: string]: unknown };
}

/** The HTTP filter that asks the picker. */
export function externalProcessor(envoy: EnvoyConfig) {
  const found = connectionManager(envoy).http_filters.filter(({ name }) => name === "envoy.filters.http.ext_proc");
  const [filter] = found;
  if (filter === undefined || found.length > 1) throw new Error(`${found.length} ext_proc filters`);
  return filter.typed_config;
}
