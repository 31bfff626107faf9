import { connect, createServer, type Socket } from "node:net";

/** Makes two connections one: what comes in by one goes out by the other, and both end together. */
export function join(a: Socket, b: Socket): void {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
    one.pipe(other);
  }
}

/** The same port on another address of this machine. Returns the URL there. */
export function relayAddress(address: string, { hostname, port }: URL): Promise<string> {
  const server = createServer({ allowHalfOpen: true }, (client) =>
    join(client, connect({ host: hostname, port: Number(port), allowHalfOpen: true })),
  );
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(Number(port), address, () => resolve(`http://${address}:${port}`));
  });
}
