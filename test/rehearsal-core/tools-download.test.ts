import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checksumOf, DownloadError, Downloads } from "../../rehearsal/tools/download";

const HASH = "a".repeat(64);
const OTHER = "B".repeat(64);

test.each([
  ["lines of several files", `${OTHER}  b.tar.gz\n${HASH}  a.tar.gz\n`, HASH],
  ["marked as binary", `${HASH} *a.tar.gz\n`, HASH],
  ["the hash alone", `${OTHER}\n`, OTHER.toLowerCase()],
  ["another file only", `${HASH}  b.tar.gz\n`, undefined],
  ["a name that only ends alike", `${HASH}  not-a.tar.gz\n`, undefined],
  ["several hashes alone", `${HASH}\n${OTHER}\n`, undefined],
  ["no hash at all", "<html>Not Found</html>\n", undefined],
  ["a hash of another kind", `${"a".repeat(128)}  a.tar.gz\n`, undefined],
  ["nothing", "", undefined],
])("the checksum of a file in %s", (_, text, expected) => {
  expect(checksumOf(text, "a.tar.gz")).toBe(expected);
});

const BYTES = Buffer.from("the program".repeat(1000));
const SHA256 = createHash("sha256").update(BYTES).digest("hex");

let dir: string;
let server: Server | undefined;
let asked: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pilotlight-download-"));
  asked = [];
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
  server?.closeAllConnections();
  server?.close();
});

/** A server on loopback; resolves with its address. */
async function serve(answer: RequestListener): Promise<string> {
  const listening = createServer((request, response) => {
    asked.push(request.url ?? "");
    answer(request, response);
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const address = listening.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  return `http://127.0.0.1:${address.port}`;
}

const never = new AbortController().signal;
const impatient = new Downloads({ answerMs: 300, stallMs: 300 });

test("a file with the published checksum is kept, and its bytes are counted", async () => {
  const base = await serve((_, response) => response.end(BYTES));
  const counts: number[] = [];
  await new Downloads().file(`${base}/a`, join(dir, "a"), SHA256, never, (bytes) => counts.push(bytes));
  expect(readFileSync(join(dir, "a")).equals(BYTES)).toBe(true);
  expect(counts.at(-1)).toBe(BYTES.length);
});

test("a redirect is followed, as release pages need it", async () => {
  const base = await serve((request, response) =>
    request.url === "/a" ? response.writeHead(302, { location: "/b" }).end() : response.end("moved here"),
  );
  expect(await new Downloads().text(`${base}/a`, never)).toBe("moved here");
  expect(asked).toEqual(["/a", "/b"]);
});

test("a file with another checksum is refused, naming both", async () => {
  const base = await serve((_, response) => response.end("something else"));
  const got = createHash("sha256").update("something else").digest("hex");
  await expect(new Downloads().file(`${base}/a`, join(dir, "a"), SHA256, never, () => undefined)).rejects.toThrow(
    new DownloadError(`${base}/a has the SHA-256 ${got}; its project says ${SHA256}`),
  );
});

test("a file that ends too early is refused", async () => {
  const base = await serve((_, response) => {
    response.writeHead(200, { "content-length": BYTES.length });
    response.write(BYTES.subarray(0, 100), () => response.destroy());
  });
  const failure = new Downloads().file(`${base}/a`, join(dir, "a"), SHA256, never, () => undefined);
  await expect(failure).rejects.toBeInstanceOf(DownloadError);
});

test("a missing file is an error of that file alone; its host is asked again for others", async () => {
  const base = await serve((request, response) => {
    if (request.url === "/missing") response.writeHead(404);
    response.end("here");
  });
  const downloads = new Downloads();
  await expect(downloads.text(`${base}/missing`, never)).rejects.toThrow(`${base}/missing: 404 Not Found`);
  expect(await downloads.text(`${base}/other`, never)).toBe("here");
});

test("a host that does not answer in time is asked once in a run", async () => {
  const base = await serve(() => undefined);
  const downloads = new Downloads({ answerMs: 300, stallMs: 300 });
  await expect(downloads.text(`${base}/a`, never)).rejects.toThrow(`${base}/a: no answer in 300 ms`);
  const started = Date.now();
  await expect(downloads.text(`${base}/b`, never)).rejects.toThrow(
    `${new URL(base).host} did not answer before: no answer in 300 ms`,
  );
  expect(Date.now() - started).toBeLessThan(200);
  expect(asked).toEqual(["/a"]);
});

test("a host where nothing listens is named with the reason", async () => {
  const base = await serve(() => undefined);
  await new Promise((resolve) => server?.close(resolve));
  await expect(new Downloads().text(`${base}/a`, never)).rejects.toThrow(/\/a: connect ECONNREFUSED 127\.0\.0\.1:\d+$/);
});

test("a transfer that stands still is given up", async () => {
  const base = await serve((_, response) => void response.write("half"));
  await expect(impatient.text(`${base}/a`, never)).rejects.toThrow(`${base}/a: nothing more in 300 ms`);
});

test("an interrupted transfer ends with the interruption's reason, and does not count against its host", async () => {
  const base = await serve((request, response) => {
    if (request.url === "/b") response.end("here");
  });
  const abort = new AbortController();
  const downloads = new Downloads();
  const failure = downloads.file(`${base}/a`, join(dir, "a"), SHA256, abort.signal, () => undefined);
  setTimeout(() => abort.abort(new Error("enough")), 50);
  await expect(failure).rejects.toThrow("enough");
  expect(existsSync(join(dir, "a")) && readFileSync(join(dir, "a")).length > 0).toBe(false);
  expect(await downloads.text(`${base}/b`, never)).toBe("here");
});
