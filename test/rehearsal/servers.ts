import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  method: string;
  /** Path and query. */
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body?: Buffer | object;
}

/** A small HTTP server on loopback that keeps what it was asked. */
export class LocalServer {
  private constructor(
    private readonly server: Server,
    readonly url: string,
    readonly asked: readonly Asked[],
  ) {}

  static async start(answer: (asked: Asked) => Answer): Promise<LocalServer> {
    const all: Asked[] = [];
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method = "", url = "", headers } = request;
      const asked = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
      all.push(asked);
      send(response, method, answer(asked));
    });
    await new Promise<void>((done) => server.listen({ port: 0, host: "127.0.0.1" }, done));
    return new LocalServer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, all);
  }

  paths = (pattern: RegExp): string[] => this.asked.map(({ path }) => path).filter((path) => pattern.test(path));

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((done) => this.server.close(() => done()));
  }
}

function send(response: ServerResponse, method: string, { status, headers, body = {} }: Answer) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const type = Buffer.isBuffer(body) ? "application/octet-stream" : "application/json";
  response.writeHead(status, { "content-type": type, "content-length": String(bytes.length), ...headers });
  response.end(method === "HEAD" ? undefined : bytes);
}
