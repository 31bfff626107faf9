import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kubeconfig } from "../../components/kubeconfig";
import { configReplaces, configure } from "../../rehearsal/doubles/kubernetes/kubeconfig";

const server = { url: "https://127.0.0.1:6443", caData: "Y2E=", token: "never-shown" };
const access = { clusterName: "c", region: "eu-west-1", endpoint: server.url, certificateAuthority: server.caData };
const own = kubeconfig(access);

/** A kubeconfig as a user has it: two contexts, each with a token. */
const users = (url = server.url) =>
  JSON.stringify({
    clusters: [{ name: "gpu", cluster: { server: url, "certificate-authority-data": server.caData } }],
    contexts: [{ name: "work", context: { cluster: "gpu", user: "me", namespace: "mine" } }],
    users: [{ name: "me", user: { token: "secret" } }],
    "current-context": "work",
  });

let dir: string;
let file: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "pilotlight-test-"));
  file = join(dir, "kubeconfig");
  writeFileSync(file, users());
});
afterAll(() => rmSync(dir, { recursive: true }));

/** What an error says. */
function said(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
}

describe("a provider", () => {
  const immutable = { secrets: false, configMaps: false };

  test("with the kit's own kubeconfig leads to the stage, in its region", () => {
    expect(configure({ kubeconfig: own, enableServerSideApply: "true" }, server)).toEqual({
      region: "eu-west-1",
      mutable: immutable,
    });
  });

  test("with a context of the user's own kubeconfig has its namespace", () => {
    expect(configure({ context: "work", enableSecretMutable: "true" }, server, file)).toEqual({
      defaultNamespace: "mine",
      mutable: { secrets: true, configMaps: false },
    });
  });

  test("elsewhere is refused with both servers", () => {
    const elsewhere = kubeconfig({ ...access, endpoint: "https://elsewhere:6443" });
    expect(said(() => configure({ kubeconfig: elsewhere }, server))).toBe(
      'the kubeconfig\'s server is "https://elsewhere:6443", the rehearsal\'s API server is "https://127.0.0.1:6443"',
    );
  });

  test("with another certificate authority is refused by fingerprint", () => {
    const other = kubeconfig({ ...access, certificateAuthority: "b3RoZXI=" });
    expect(said(() => configure({ kubeconfig: other }, server))).toMatch(
      /^the kubeconfig's certificate-authority-data has the fingerprint [0-9a-f]{12}, the rehearsal's API server [0-9a-f]{12}$/,
    );
  });

  test("with another way to a token is refused", () => {
    const other = own.replace('"get-token"', '"get-password"');
    expect(said(() => configure({ kubeconfig: other }, server))).toBe(
      'the kubeconfig gets its token from "aws eks get-password", not from aws eks get-token',
    );
  });

  test("with an unknown context is told which there are", () => {
    expect(said(() => configure({ context: "play" }, server, file))).toBe(
      'the kubeconfig has no context "play"; it has: work',
    );
  });

  test.each([
    [{}, "the kubernetes provider has no kubeconfig, and KUBECONFIG is not set"],
    [
      { kubeconfig: "nowhere" },
      "the kubernetes provider's kubeconfig is neither a file nor a kubeconfig in JSON or YAML",
    ],
    [
      { kubeconfig: own, enableServerSideApply: "false" },
      "enableServerSideApply is false: the kubernetes double only knows server-side apply",
    ],
    [
      { kubeconfig: own, renderYamlToDirectory: "x" },
      "the kubernetes double does not know the provider setting renderYamlToDirectory: add it to rehearsal/doubles/kubernetes/kubeconfig.ts",
    ],
  ])("with %j is refused", (inputs, message) => {
    expect(said(() => configure(inputs, server, ""))).toBe(message);
  });
});

describe("a change of the kubeconfig", () => {
  test("to another cluster replaces everything", () => {
    const other = kubeconfig({ ...access, endpoint: "https://elsewhere:6443" });
    expect(configReplaces({ kubeconfig: own }, { kubeconfig: other })).toEqual(["kubeconfig"]);
  });

  test("of the way to a token replaces nothing", () => {
    const other = kubeconfig({ ...access, region: "us-east-1" });
    expect(configReplaces({ kubeconfig: own }, { kubeconfig: other })).toEqual([]);
  });

  test("to what is not known yet expects the worst", () => {
    const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    expect(configReplaces({ kubeconfig: own }, { kubeconfig: unknown })).toEqual(["kubeconfig"]);
  });
});
