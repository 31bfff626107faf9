import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { pathToFileURL } from "node:url";
import { listenLocally } from "../../scripts/listen";
import { join } from "./join";

/*
 * A live stage runs in namespaces of its own: some of its programs listen on all interfaces, and there all interfaces lead
 * nowhere; every process in it ends with the first one, whatever happens.
 */

const TSX = pathToFileURL(require.resolve("tsx")).href;

/** The command line that makes the namespaces. Nobody needs to be root: in its own user namespace everybody is. */
export function unshareArgs(isRoot: boolean): string[] {
  return [
    ...(isRoot ? [] : ["--user", "--map-root-user"]),
    ...[
      "--net",
      "--mount",
      "--pid",
      "--fork",
      "--kill-child=SIGKILL",
      "--mount-proc",
      "--propagation",
      "private",
      "--",
    ],
  ];
}

/** Runs a TypeScript file in namespaces of its own, with this process's terminal; what it is to do it is told by a message. */
export function runInside(script: string): ChildProcess {
  const args = [...unshareArgs(process.getuid?.() === 0), process.execPath, "--import", TSX, script];
  // A group of its own: Ctrl-C reaches this process alone, which says by a message when it is time to end.
  return spawn("unshare", args, { stdio: ["ignore", "inherit", "inherit", "ipc"], detached: true });
}

/** What the machine lacks for namespaces, in words; nothing where they can be made. */
export function namespaceFault(): Promise<string | undefined> {
  const command = ["unshare", ...unshareArgs(process.getuid?.() === 0), "ip", "link", "set", "lo", "up"];
  return new Promise((resolve) => {
    const [file = "", ...args] = command;
    const child = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (text: Buffer) => {
      said += text;
    });
    child.once("error", (error) => resolve(`${error.message}; install util-linux, which has unshare`));
    child.once("exit", (code) => {
      if (code === 0) return resolve(undefined);
      const fix = /failed to execute ip\b/.test(said)
        ? "install iproute2"
        : "run it as root, or allow user namespaces (on Ubuntu: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0)";
      resolve(`a live rehearsal needs network namespaces, and this machine made none: ${said.trim()}; ${fix}`);
    });
  });
}

/**
 * A port of this machine that leads to a socket in the file system: those have no network namespace.
 * @param port 0 takes a free one.
 */
export async function relayPort(socketPath: string, port: number): Promise<{ port: number; server: Server }> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
    join(client, connect({ path: socketPath, allowHalfOpen: true })),
  );
  return { port: await listenLocally(server, port), server };
}

/** The other side of it: a socket in the file system that leads to an address in here. */
export function relaySocket(socketPath: string, target: { host: string; port: number }): Promise<Server> {
  rmSync(socketPath, { force: true });
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const inner = connect({ ...target, allowHalfOpen: true, noDelay: true });
    join(client, inner);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, () => resolve(server));
  });
}
