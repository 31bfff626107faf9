import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { forwardFrom, masterKey, messageOf } from "../../scripts/connection";
import { LocalServer } from "../rehearsal/servers";

describe("a forwarded port", () => {
  let server: LocalServer;
  const lines: { closed: boolean }[] = [];

  beforeEach(async () => {
    lines.length = 0;
    server = await LocalServer.start(() => ({ status: 200, body: { hello: "world" } }));
  });
  afterEach(() => server.stop());

  /** As the Kubernetes API carries a connection, over TCP. */
  const carry = () =>
    forwardFrom(0, async (socket) => {
      const line = { closed: false };
      lines.push(line);
      const far = connect(Number(new URL(server.url).port), "127.0.0.1");
      socket.pipe(far).pipe(socket);
      return {
        close: () => {
          line.closed = true;
          far.destroy();
        },
      };
    });

  test("carries requests; when it is closed, so are its connections and what carried them", async () => {
    const forward = await carry();
    const answer = await fetch(`http://127.0.0.1:${forward.port}/v1/models`);
    expect([await answer.json(), server.asked[0]?.path]).toEqual([{ hello: "world" }, "/v1/models"]);
    expect(lines).toEqual([{ closed: false }]);
    forward.close();
    await vi.waitFor(() => expect(lines).toEqual([{ closed: true }]));
    await expect(fetch(`http://127.0.0.1:${forward.port}/`)).rejects.toThrow();
  });

  test("hangs up where nothing carries the connection, and says why", async () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    const forward = await forwardFrom(0, () => Promise.reject(new Error("no gateway pod is ready")));
    await expect(fetch(`http://127.0.0.1:${forward.port}/`)).rejects.toThrow();
    expect(told.mock.calls).toEqual([["connection refused: no gateway pod is ready"]]);
    told.mockRestore();
    forward.close();
  });

  test("a port that is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    await expect(forwardFrom(port, () => Promise.reject(new Error()))).rejects.toThrow(
      `port ${port} of 127.0.0.1 is taken; choose another with --port`,
    );
    other.close();
  });
});

describe("the master key", () => {
  const api = (answer: () => Promise<{ data?: Record<string, string> }>) => {
    const asked: unknown[] = [];
    const readNamespacedSecret = (request: unknown) => {
      asked.push(request);
      return answer();
    };
    return { asked, readNamespacedSecret };
  };
  const failing = (code: number) => api(() => Promise.reject(Object.assign(new Error(`HTTP-Code: ${code}`), { code })));

  test("comes from the Secret beside the gateway", async () => {
    const secrets = api(async () => ({ data: { masterKey: Buffer.from("sk-master-key").toString("base64") } }));
    expect(await masterKey(secrets)).toBe("sk-master-key");
    expect(secrets.asked).toEqual([{ name: "gateway-admin", namespace: "inference" }]);
  });

  test("says why it cannot be read", async () => {
    const where = "Secret gateway-admin in namespace inference";
    await expect(masterKey(failing(404))).rejects.toThrow(`${where} cannot be read: there is none; is the stack up?`);
    await expect(masterKey(failing(403))).rejects.toThrow(
      `${where} cannot be read: your access to the cluster does not let you read it`,
    );
    await expect(masterKey(failing(500))).rejects.toThrow("HTTP-Code: 500");
    await expect(masterKey(api(async () => ({ data: {} })))).rejects.toThrow(`${where} has no masterKey`);
  });
});

test.each([
  ["spawn pulumi ENOENT", /^there is no pulumi on the PATH; /],
  [
    "code: 255\n stderr: error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions\n",
    /^log in first: pulumi login \(or pulumi login --local\)$/,
  ],
  [
    "code: 1\n stderr: error: no stack named 'dev' found\n",
    /^Pulumi has no stack dev: pulumi stack init dev, or see pulumi stack ls$/,
  ],
  ["stdout: x\nerror: something else\nmore", /^something else$/],
  ["neither", /^neither$/],
])("of %j what a person can act on is told", (said, told) => expect(messageOf(new Error(said))).toMatch(told));

test("npm run key: the help ends with 0, a wrong command line with 2 and every fault", async () => {
  const run = (...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const options = { cwd: join(__dirname, "../..") };
      execFile(process.execPath, ["--import", "tsx", "scripts/key.ts", ...args], options, (error, out, err) =>
        resolve({ code: typeof error?.code === "number" ? error.code : 0, out, err }),
      );
    });
  expect(await run("--help")).toEqual({ code: 0, out: expect.stringMatching(/^Usage: npm run key -- /), err: "" });
  expect(await run("revoke", "--rpm", "3")).toEqual({
    code: 2,
    out: "",
    err: "--rpm is not for revoke\nrevoke needs --name\n\nnpm run key -- --help tells more\n",
  });
});
