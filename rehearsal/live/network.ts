import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/*
 * The network of a live stage: one namespace for the stage itself, and one for each pod, joined by a bridge. Nothing of it
 * has a way out of the machine, and programs that listen on all interfaces do so in a namespace of their own.
 */

/** Address of the stage on the bridge: where pods find the API server, and their way to every Service. */
export const STAGE_ADDRESS = "10.42.0.1";
/** Services get theirs from 10.96.0.0/16 (control-plane.ts). */
const POD_ADDRESS = (number: number) => `10.42.${Math.floor(number / 250)}.${(number % 250) + 2}`;
const BRIDGE = "pilotlight0";

const run = promisify(execFile);
const ip = (...args: string[]) => run("ip", args);

/** A pod's own network. */
export interface PodLink {
  readonly address: string;
  /** Command line that runs what follows it inside. */
  readonly enter: readonly string[];
}

export class StageNetwork {
  private pods = 0;

  private constructor(private readonly dir: string) {}

  /** Sets up the stage's side; to be called once, in a network namespace of its own. */
  static async create(run_: string): Promise<StageNetwork> {
    const dir = join(run_, "network");
    mkdirSync(dir, { recursive: true });
    await ip("link", "set", "lo", "up");
    await ip("link", "add", BRIDGE, "type", "bridge");
    await ip("address", "add", `${STAGE_ADDRESS}/16`, "dev", BRIDGE);
    await ip("link", "set", BRIDGE, "up");
    for (const [name, value] of Object.entries(SETTINGS)) writeFileSync(`/proc/sys/net/${name}`, value);
    // Names are those of the hosts file below; nothing is ever asked of a name server.
    const [hosts, resolver] = [join(dir, "hosts"), join(dir, "resolv.conf")];
    writeFileSync(resolver, "");
    await run("mount", ["--bind", resolver, "/etc/resolv.conf"]);
    const network = new StageNetwork(dir);
    network.nameServices({});
    await run("mount", ["--bind", hosts, "/etc/hosts"]);
    return network;
  }

  /** Names of Services with their addresses, for every program of the stage. */
  nameServices(addresses: Readonly<Record<string, string>>): void {
    const lines = Object.entries(addresses).map(([name, address]) => `${address} ${name}`);
    // Written in place: a new file would not be the one that is mounted.
    writeFileSync(join(this.dir, "hosts"), `${["127.0.0.1 localhost", ...lines].join("\n")}\n`);
  }

  /** An address of the stage itself, for a Service. */
  async addAddress(address: string): Promise<void> {
    await ip("address", "replace", `${address}/32`, "dev", "lo");
  }

  async removeAddress(address: string): Promise<void> {
    await ip("address", "delete", `${address}/32`, "dev", "lo").catch(() => undefined);
  }

  async addPod(): Promise<PodLink> {
    this.pods += 1;
    const address = POD_ADDRESS(this.pods);
    const file = join(this.dir, `pod-${this.pods}`);
    const veth = `pod${this.pods}`;
    writeFileSync(file, "");
    await run("unshare", [`--net=${file}`, "true"]);
    await ip("link", "add", veth, "type", "veth", "peer", "name", "eth0", "netns", file);
    await ip("link", "set", veth, "master", BRIDGE, "up");
    const batch = `${file}.ip`;
    writeFileSync(
      batch,
      [
        "link set lo up",
        `address add ${address}/16 dev eth0`,
        "link set eth0 up",
        `route add default via ${STAGE_ADDRESS}`,
        "",
      ].join("\n"),
    );
    const enter = ["nsenter", `--net=${file}`, "--"];
    const [command = "", ...args] = [...enter, "ip", "-batch", batch];
    await run(command, args);
    return { address, enter };
  }

  /** Its interface goes with the namespace, once the last process in it has ended. */
  async removePod({ enter }: PodLink): Promise<void> {
    const file = enter[1]?.replace("--net=", "") ?? "";
    await run("umount", [file]).catch(() => undefined);
  }
}

/** Below /proc/sys/net. */
const SETTINGS = {
  "ipv4/ip_forward": "1",
  // Packets for a Service come in by the bridge and belong to the loopback interface.
  "ipv4/conf/all/rp_filter": "0",
  "ipv4/conf/default/rp_filter": "0",
  // A thousand requests at once are a thousand connections a hop.
  "core/somaxconn": "8192",
} as const;
