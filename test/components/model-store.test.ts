import { describe, expect, test } from "vitest";
import { copyStorePolicy, engineStorePolicy, ModelStore } from "../../components/model-store";
import type { PolicyDocument } from "../../components/policy-document";
import { find, known, names, register } from "../harness";
import { creationOrder } from "../order";
import { decide, tooWide } from "./policies";

const build = () => register(() => new ModelStore("models"));
const BUCKET = "arn:aws:s3:::store";
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const WEIGHTS = `models/Qwen/Qwen3-8B/${COMMIT}`;
const CACHE = "compile-cache/qwen";

describe("ModelStore", () => {
  test("registers exactly these resources", async () => {
    expect(names(await build())).toEqual([
      ["aws:s3/bucket:Bucket", "models"],
      ["aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "models"],
      ["aws:s3/bucketOwnershipControls:BucketOwnershipControls", "models"],
      ["aws:s3/bucketPolicy:BucketPolicy", "models"],
      ["aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "models"],
      ["aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", "models"],
      ["pilotlight:index:ModelStore", "models"],
    ]);
  });

  test("is closed to the public in all four ways, owned by the account, encrypted, and emptied by destroy", async () => {
    const seen = await build();
    const inputs = (kind: string) =>
      find(seen, `aws:s3/${kind[0]?.toLowerCase()}${kind.slice(1)}:${kind}`, "models").inputs;
    expect(inputs("Bucket")).toEqual({ forceDestroy: true });
    expect(inputs("BucketPublicAccessBlock")).toEqual({
      bucket: "models-id",
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    expect(inputs("BucketOwnershipControls")).toMatchObject({ rule: { objectOwnership: "BucketOwnerEnforced" } });
    expect(inputs("BucketServerSideEncryptionConfiguration")).toMatchObject({
      rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
    });
  });

  test("forgets broken uploads everywhere, and old files in the compile cache alone", async () => {
    const { rules } = find(
      await build(),
      "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
      "models",
    ).inputs;
    expect(rules).toEqual([
      {
        id: "broken-uploads",
        status: "Enabled",
        filter: { prefix: "" },
        abortIncompleteMultipartUpload: { daysAfterInitiation: 2 },
      },
      { id: "compile-cache", status: "Enabled", filter: { prefix: "compile-cache/" }, expiration: { days: 60 } },
    ]);
  });

  test("answers nobody without TLS", async () => {
    const seen = await build();
    const policy = JSON.parse(String(find(seen, "aws:s3/bucketPolicy:BucketPolicy", "models").inputs.policy));
    const arn = "arn:aws:mock:us-east-1:123456789012:models";
    for (const resource of [arn, `${arn}/any/key`])
      for (const [secure, decision] of [
        ["false", "denied"],
        ["true", "not allowed"],
      ] as const)
        expect(decide(policy, { action: "s3:GetObject", resource, context: { "aws:SecureTransport": secure } })).toBe(
          decision,
        );
  });

  test("its policy comes after the public access block: two writers at once are answered with a conflict", async () => {
    const order = await creationOrder(() => new ModelStore("models"));
    expect(order.waits("BucketPolicy models", "BucketPublicAccessBlock models")).toBe(true);
  });
});

/** Asks a policy about an object, or about listing a prefix. */
const ask = (policy: PolicyDocument) => ({
  object: (action: string, key: string) => decide(policy, { action, resource: `${BUCKET}/${key}` }) === "allowed",
  list: (prefix?: string) =>
    decide(policy, {
      action: "s3:ListBucket",
      resource: BUCKET,
      context: prefix === undefined ? {} : { "s3:prefix": prefix },
    }) === "allowed",
});

describe("the policy of an engine", async () => {
  const policy: PolicyDocument = JSON.parse(
    await known(() => engineStorePolicy({ bucketArn: BUCKET, prefix: WEIGHTS }, { bucketArn: BUCKET, prefix: CACHE })),
  );
  const may = ask(policy);

  test("reads its own weights, and changes nothing about them", () => {
    expect(may.object("s3:GetObject", `${WEIGHTS}/model-00001-of-00002.safetensors`)).toBe(true);
    for (const action of ["s3:PutObject", "s3:DeleteObject", "s3:PutObjectAcl"])
      expect(may.object(action, `${WEIGHTS}/config.json`), action).toBe(false);
  });

  test("reads and writes its own compile cache, and deletes nothing there", () => {
    for (const action of ["s3:GetObject", "s3:PutObject"])
      expect(may.object(action, `${CACHE}/0123.tar`), action).toBe(true);
    expect(may.object("s3:DeleteObject", `${CACHE}/0123.tar`)).toBe(false);
  });

  test.each([
    ["another commit", WEIGHTS.replace(COMMIT, "f".repeat(40))],
    ["a commit of which its own is the beginning", `${WEIGHTS}-evil`],
    ["another model", "models/meta-llama/Llama-3.1-8B/abc"],
    ["another model's cache", "compile-cache/llama"],
    ["a cache of which its own is the beginning", `${CACHE}3`],
    ["the whole bucket", ""],
  ])("neither reads, writes nor lists %s", (_, prefix) => {
    for (const action of ["s3:GetObject", "s3:PutObject"])
      expect(may.object(action, `${prefix}/file`), action).toBe(false);
    for (const listed of [prefix, `${prefix}/`]) expect(may.list(listed), listed).toBe(false);
  });

  test("lists its weights and its cache, with a slash or without, and never without a prefix", () => {
    for (const prefix of [WEIGHTS, `${WEIGHTS}/`, `${WEIGHTS}/model`, CACHE])
      expect(may.list(prefix), prefix).toBe(true);
    expect(may.list()).toBe(false);
    expect(tooWide(policy)).toEqual([]);
  });

  test("uses no KMS key in the store, which has none", () => {
    expect(JSON.stringify(policy)).not.toContain("kms:");
  });
});

describe("the policy of an engine with weights in a bucket of the user's own", async () => {
  const location = { bucketArn: "arn:aws:s3:::own", prefix: "llama/v1", kmsRegion: "eu-west-1" };
  const policy: PolicyDocument = JSON.parse(
    await known(() => engineStorePolicy(location, { bucketArn: BUCKET, prefix: CACHE })),
  );
  const decrypts = (arn: string, service = "s3.eu-west-1.amazonaws.com") =>
    decide(policy, {
      action: "kms:Decrypt",
      resource: "arn:aws:kms:eu-west-1:123456789012:key/0123",
      context: { "kms:ViaService": service, "kms:EncryptionContext:aws:s3:arn": arn },
    });

  test("decrypts its weights, by the object's name or with a bucket key by the bucket's", () => {
    expect(decrypts("arn:aws:s3:::own/llama/v1/model.safetensors")).toBe("allowed");
    expect(decrypts("arn:aws:s3:::own")).toBe("allowed");
  });

  test("decrypts nothing else: no other object, no other bucket, no other service or region", () => {
    for (const arn of ["arn:aws:s3:::own/llama/v10/model", "arn:aws:s3:::own/other", "arn:aws:s3:::own-2", BUCKET])
      expect(decrypts(arn), arn).toBe("not allowed");
    for (const service of ["s3.us-east-1.amazonaws.com", "secretsmanager.eu-west-1.amazonaws.com"])
      expect(decrypts("arn:aws:s3:::own/llama/v1/model", service), service).toBe("not allowed");
    expect(tooWide(policy)).toEqual([]);
  });
});

test("the copy job writes and lists weights; it reads none, deletes none, and leaves compile caches alone", async () => {
  const may = ask(JSON.parse(await known(() => copyStorePolicy(BUCKET))));
  for (const action of ["s3:PutObject", "s3:AbortMultipartUpload"])
    expect(may.object(action, `${WEIGHTS}/config.json`), action).toBe(true);
  for (const action of ["s3:GetObject", "s3:DeleteObject"])
    expect(may.object(action, `${WEIGHTS}/config.json`), action).toBe(false);
  expect(may.object("s3:PutObject", `${CACHE}/0123.tar`)).toBe(false);
  // What is there already is found by listing the key, so the prefix may be as long as one.
  expect([may.list(`${WEIGHTS}/config.json`), may.list("compile-cache/"), may.list()]).toEqual([true, false, false]);
});
