import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import Ajv from "ajv";
import { describe, expect, test } from "vitest";
import { Gateway, type GatewayArgs } from "../../components/gateway";
import { digestOf } from "../../components/helm";
import { helmTemplate, pick } from "../charts/helm";
import { find, names, register } from "../harness";

const args = (change: Partial<GatewayArgs> = {}): GatewayArgs => ({
  namespace: "inference",
  models: [
    {
      name: "qwen",
      url: "http://qwen-router.inference.svc:8081/v1",
      timeoutSeconds: 1100,
      price: { input: 0.05, output: 0.2 },
    },
  ],
  replicas: 2,
  keepAliveSeconds: 1160,
  nodeSelector: { "pilotlight.dev/role": "system" },
  ...change,
});
const build = (change?: Partial<GatewayArgs>) => register(() => new Gateway("gateway", args(change)));
const release = (seen: Awaited<ReturnType<typeof build>>) =>
  find(seen, "kubernetes:helm.sh/v3:Release", "gateway").inputs as {
    values: Record<string, unknown>;
    waitForJobs?: boolean;
  };
const DATABASE_URL = "postgresql://u:database-password@db:5432/x";

describe("Gateway", () => {
  test("registers exactly these resources", async () => {
    expect(names(await build())).toEqual([
      ["kubernetes:core/v1:Secret", "gateway-admin"],
      ["kubernetes:core/v1:Secret", "gateway-keys"],
      ["kubernetes:helm.sh/v3:Release", "gateway"],
      ["pilotlight:index:Gateway", "gateway"],
      ["random:index/randomPassword:RandomPassword", "gateway-api-key"],
      ["random:index/randomPassword:RandomPassword", "gateway-master-key"],
    ]);
  });

  test("keeps the master key and the ordinary keys in two Secrets, as secrets of the state", async () => {
    const seen = await build();
    const secret = (name: string) => find(seen, "kubernetes:core/v1:Secret", name).inputs.stringData;
    expect(secret("gateway-admin")).toMatchObject({ value: { masterKey: "sk-gateway-master-key-secret" } });
    expect(secret("gateway-keys")).toMatchObject({ value: { apiKeys: '{"default":"sk-gateway-api-key-secret"}' } });
  });

  test("named keys: one more password each, and the names in the Secret beside the first", async () => {
    const seen = await build({ keys: ["alice", "ci"] });
    const plain = await build();
    expect(names(seen).filter((each) => !names(plain).some((other) => `${other}` === `${each}`))).toEqual([
      ["random:index/randomPassword:RandomPassword", "gateway-key-alice"],
      ["random:index/randomPassword:RandomPassword", "gateway-key-ci"],
    ]);
    expect(find(seen, "random:index/randomPassword:RandomPassword", "gateway-key-alice").inputs).toEqual({
      length: 40,
      special: false,
    });
    // As the SDK sends a secret: marked, the text beside the mark.
    expect(find(seen, "kubernetes:core/v1:Secret", "gateway-keys").inputs).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "gateway-keys", namespace: "inference" },
      type: "Opaque",
      stringData: expect.objectContaining({
        value: {
          apiKeys:
            '{"default":"sk-gateway-api-key-secret","alice":"sk-gateway-key-alice-secret","ci":"sk-gateway-key-ci-secret"}',
        },
      }),
    });
    // A pod reads the Secret's file again by itself.
    expect(release(seen).values.restartOn).toBe(release(plain).values.restartOn);
    expect(JSON.stringify(release(seen))).not.toContain("key-alice-secret");
  });

  test("shows the named keys by name, marked secret, and nothing where none is named", async () => {
    const shown: unknown[] = [];
    await register(async () => {
      const { apiKeys } = new Gateway("gateway", args({ keys: ["alice", "ci"] }));
      if (apiKeys === undefined) throw new Error("no output apiKeys");
      shown.push(await pulumi.isSecret(apiKeys));
      shown.push(await new Promise((done) => apiKeys.apply(done)));
    });
    expect(shown).toEqual([true, { alice: "sk-gateway-key-alice-secret", ci: "sk-gateway-key-ci-secret" }]);
    await register(() => expect(new Gateway("gateway", args({ keys: [] })).apiKeys).toBeUndefined());
  });

  test("shows an ordinary key, marked secret, and not the master key", async () => {
    let shown: unknown;
    let secret: unknown;
    await register(async () => {
      const { apiKey } = new Gateway("gateway", args());
      secret = await pulumi.isSecret(apiKey);
      await new Promise<void>((done) =>
        apiKey.apply((key) => {
          shown = key;
          done();
        }),
      );
    });
    expect(shown).toBe("sk-gateway-api-key-secret");
    expect(secret).toBe(true);
  });

  test("without a database: the chart's values, exactly", async () => {
    const { values, ...rest } = release(await build());
    expect(rest).toMatchObject({
      chart: "../charts/gateway",
      description: `chart files ${digestOf(join(__dirname, "../../charts/gateway"))}`,
      name: "gateway",
      namespace: "inference",
      timeout: 900,
      waitForJobs: false,
    });
    expect(values).toEqual({
      image: "ghcr.io/berriai/litellm-database:v1.106.2",
      replicas: 2,
      keepAliveSeconds: 1160,
      nodeSelector: { "pilotlight.dev/role": "system" },
      models: [
        {
          name: "qwen",
          url: "http://qwen-router.inference.svc:8081/v1",
          timeoutSeconds: 1100,
          inputCostPerToken: 0.05 / 1e6,
          outputCostPerToken: 0.2 / 1e6,
        },
      ],
      masterKey: { secretName: "gateway-admin", key: "masterKey" },
      apiKeys: { secretName: "gateway-keys", key: "apiKeys" },
      database: { mode: "none" },
      keysVersion: expect.stringMatching(/^[0-9a-f]{16}$/),
      restartOn: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });

  test("no value of the release tells a secret", async () => {
    const text = JSON.stringify(release(await build({ databaseUrl: pulumi.secret(DATABASE_URL) })));
    for (const secret of ["database-password", "master-key-secret", "api-key-secret"])
      expect(text).not.toContain(secret);
  });

  test("a new database password restarts the pods, and the Job that puts the keys into it is waited for", async () => {
    const of = async (databaseUrl: string) => release(await build({ databaseUrl }));
    const { values, waitForJobs } = await of(DATABASE_URL);
    expect(waitForJobs).toBe(true);
    expect((await of(DATABASE_URL)).values.restartOn).toBe(values.restartOn);
    const changed = (await of("postgresql://u:another@db:5432/x")).values;
    expect(changed.restartOn).not.toBe(values.restartOn);
    expect(changed.keysVersion).toBe(values.keysVersion);
  });

  test.each([
    ["without a database", undefined, 0],
    ["with one", DATABASE_URL, 1],
  ])("%s the chart takes the values and renders", async (_, databaseUrl, jobs) => {
    const { values } = release(await build({ databaseUrl }));
    const schema = JSON.parse(readFileSync(join(__dirname, "../../charts/gateway/values.schema.json"), "utf8"));
    const validate = new Ajv({ strict: false }).compile(schema);
    expect(validate(values), JSON.stringify(validate.errors)).toBe(true);
    const objects = helmTemplate("gateway", "gateway", values);
    expect(objects.filter(({ kind }) => kind === "Job")).toHaveLength(jobs);
    const service = pick<{ spec: { ports: { port: number }[] } }>(objects, "Service", "gateway");
    expect(service.spec.ports.map(({ port }) => port)).toEqual([4000]);
  });
});
