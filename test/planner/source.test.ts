import fc from "fast-check";
import { expect, test } from "vitest";
import { parseSource, storePrefix } from "../../planner/source";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

test.each([
  [`hf://Qwen/Qwen3-8B@${COMMIT}`, { kind: "hub", repository: "Qwen/Qwen3-8B", revision: COMMIT }],
  ["s3://weights/llama", { kind: "s3", bucket: "weights", prefix: "llama" }],
  ["s3://weights/team/llama/v1/", { kind: "s3", bucket: "weights", prefix: "team/llama/v1" }],
  ["s3://weights/llama//", { kind: "s3", bucket: "weights", prefix: "llama" }],
])("%s", (source, parsed) => expect(parseSource(source)).toEqual(parsed));

const word = fc.stringMatching(/^[\w.-]{1,20}$/);
const repository = fc.tuple(word, word).map((parts) => parts.join("/"));
const revision = fc.stringMatching(/^[0-9a-f]{40}$/);

test("a repository and its commit are read back as they were written", () => {
  fc.assert(
    fc.property(repository, revision, (name, commit) => {
      expect(parseSource(`hf://${name}@${commit}`)).toEqual({ kind: "hub", repository: name, revision: commit });
    }),
  );
});

test("a bucket and its prefix are read back as they were written", () => {
  const bucket = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{1,30}[a-z0-9]$/);
  fc.assert(
    fc.property(bucket, fc.array(word, { minLength: 1, maxLength: 4 }), (name, parts) => {
      const prefix = parts.join("/");
      expect(parseSource(`s3://${name}/${prefix}`)).toEqual({ kind: "s3", bucket: name, prefix });
    }),
  );
});

test("a copy's prefix names its repository and its commit", () => {
  expect(storePrefix({ repository: "Qwen/Qwen3-8B", revision: COMMIT })).toBe(`models/Qwen/Qwen3-8B/${COMMIT}`);
});

test("no copy lies in another's prefix: a role for one never reads the other", () => {
  const source = fc.record({ repository, revision });
  fc.assert(
    fc.property(source, source, (one, other) => {
      fc.pre(one.repository !== other.repository || one.revision !== other.revision);
      expect(`${storePrefix(one)}/config.json`.startsWith(`${storePrefix(other)}/`)).toBe(false);
    }),
  );
});
