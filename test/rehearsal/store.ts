import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMoto } from "../../rehearsal/doubles/aws/moto";
import { Processes } from "../../rehearsal/processes";

/** moto reads whose request it is, and does not check the signature. */
const SIGNED = {
  authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
};

/** An S3 of its own with one bucket. */
export async function startStore(python: string, bucket: string) {
  const dir = mkdtempSync(join(tmpdir(), "pilotlight-store-"));
  const processes = new Processes(dir);
  const { url } = await startMoto({ python, processes, account: "123456789012" });
  const request = async (method: string, path: string, body?: Buffer) => {
    const answer = await fetch(`${url}/${bucket}${path}`, {
      method,
      headers: SIGNED,
      body: body && new Uint8Array(body),
    });
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  };
  const must = async (method: string, path: string, body?: Buffer) => {
    const answer = await request(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return answer.body;
  };
  await must("PUT", "");
  return {
    url,
    put: (key: string, body: Buffer) => must("PUT", `/${key}`, body),
    get: (key: string) => must("GET", `/${key}`),
    remove: (key: string) => must("DELETE", `/${key}`),
    keys: async () => [...String(await must("GET", "?list-type=2")).matchAll(/<Key>([^<]*)/g)].map(([, key]) => key),
    stop: async () => {
      await processes.stopAll();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export type Store = Awaited<ReturnType<typeof startStore>>;
