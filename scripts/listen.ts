import type { AddressInfo, Server } from "node:net";

/**
 * Listens on a port of this machine alone.
 * @param port 0 takes a free one.
 * @returns the port. @throws Error that names the option to change where it is taken.
 */
export function listenLocally(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new Error(`port ${port} of 127.0.0.1 is taken; choose another with --port`)
          : error,
      ),
    );
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
