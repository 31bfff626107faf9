import { connect, createServer, type Server, type Socket } from "node:net";
import { type Cluster, nameOf } from "./cluster";
import { join } from "./join";
import type { V1EndpointSlice, V1Service } from "./kubernetes-types";
import type { StageNetwork } from "./network";

/*
 * What kube-proxy does: a Service's address leads to one of its ready pods. A connection that stands keeps its pod, so a
 * router that is replaced finishes what it has.
 */

interface Listening {
  readonly address: string;
  readonly servers: readonly Server[];
}

interface Target {
  readonly address: string;
  readonly port: number;
}

export class Services {
  private readonly listening = new Map<string, Listening>();
  private readonly services = new Map<string, V1Service>();
  private readonly slices = new Map<string, V1EndpointSlice>();
  private readonly turns = new Map<string, number>();
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly network: StageNetwork,
    private readonly say: (line: string) => void,
  ) {}

  async start(cluster: Cluster): Promise<void> {
    await cluster.watch<V1Service>("/api/v1/services", (type, service) => {
      const key = nameOf(service);
      if (type === "gone") this.services.delete(key);
      else this.services.set(key, service);
      this.work = this.work.then(() => this.follow()).catch((error: Error) => this.say(`services: ${error.message}`));
    });
    await cluster.watch<V1EndpointSlice>("/apis/discovery.k8s.io/v1/endpointslices", (type, slice) => {
      if (type === "gone") this.slices.delete(nameOf(slice));
      else this.slices.set(nameOf(slice), slice);
    });
    await this.work;
  }

  /** Opens what is new and closes what is gone. */
  private async follow(): Promise<void> {
    for (const [key, { address, servers }] of this.listening) {
      if (this.services.get(key)?.spec?.clusterIP === address) continue;
      for (const server of servers) server.close();
      await this.network.removeAddress(address);
      this.listening.delete(key);
    }
    for (const [key, service] of this.services) {
      const address = service.spec?.clusterIP ?? "None";
      if (this.listening.has(key) || !/^\d/.test(address)) continue;
      await this.network.addAddress(address);
      const servers: Server[] = [];
      // Known at once, so that what did listen is closed with it even if another port could not.
      this.listening.set(key, { address, servers });
      for (const { name = "", port } of service.spec?.ports ?? [])
        servers.push(await this.listen(key, name, address, port));
    }
    const names = [...this.services.values()].flatMap(({ metadata, spec }) => {
      const name = `${metadata?.name}.${metadata?.namespace}`;
      return /^\d/.test(spec?.clusterIP ?? "")
        ? [[`${name}.svc ${name}.svc.cluster.local ${name}`, spec?.clusterIP ?? ""]]
        : [];
    });
    this.network.nameServices(Object.fromEntries(names));
  }

  private listen(key: string, portName: string, address: string, port: number): Promise<Server> {
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.lead(client, key, portName));
      server.once("error", reject);
      server.listen({ port, host: address, backlog: 4096 }, () => resolve(server));
    });
  }

  private lead(client: Socket, key: string, portName: string): void {
    const target = this.next(key, portName);
    // What a real one answers when no pod is ready.
    if (target === undefined) return void client.resetAndDestroy();
    const pod = connect({ host: target.address, port: target.port, allowHalfOpen: true, noDelay: true });
    join(client, pod);
  }

  /** The ready pods of a Service, one after the other. */
  private next(key: string, portName: string): Target | undefined {
    const targets = [...this.slices.values()].flatMap((slice) => targetsOf(slice, key, portName));
    const turn = this.turns.get(key) ?? 0;
    this.turns.set(key, turn + 1);
    return targets[turn % targets.length];
  }

  close(): void {
    for (const { servers } of this.listening.values()) for (const server of servers) server.close();
  }
}

/** Where a slice's ready pods listen, if it belongs to the Service. */
export function targetsOf(slice: V1EndpointSlice, service: string, portName: string): Target[] {
  const { metadata, ports = [], endpoints } = slice;
  if (`${metadata?.namespace}/${metadata?.labels?.["kubernetes.io/service-name"]}` !== service) return [];
  const port = ports.find(({ name = "" }) => name === portName)?.port;
  if (port === undefined) return [];
  return endpoints.flatMap(({ addresses: [address], conditions }) =>
    address === undefined || conditions?.ready === false ? [] : [{ address, port }],
  );
}
