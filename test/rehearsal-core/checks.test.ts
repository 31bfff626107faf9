import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findLeaks } from "../../rehearsal/checks";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pilotlight-test-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe("the search for secrets", () => {
  const secret = "sk-0a9Z8y7X6w5V4u3T";

  test.each([
    ["plain", (value: string) => `key: ${value}\n`],
    ["base64", (value: string) => `data: ${Buffer.from(value).toString("base64")}`],
    ["base64 inside a longer text", (value: string) => Buffer.from(`{"a":"${value}","b":1}`).toString("base64")],
    ["in a URL", (value: string) => `postgresql://u:${encodeURIComponent(value)}@db/x`],
  ])("finds it %s", (_, write) => {
    writeFileSync(join(dir, "state.json"), write(secret));
    expect(findLeaks([dir], { apiKey: secret })).toEqual([{ file: join(dir, "state.json"), secret: "apiKey" }]);
  });

  test("finds it in base64 wherever it begins", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (before, after) => {
        writeFileSync(join(dir, "x"), Buffer.from(before + secret + after).toString("base64"));
        expect(findLeaks([dir], { apiKey: secret })).toHaveLength(1);
      }),
    );
  });

  test("finds nothing where nothing is", () => {
    writeFileSync(join(dir, "state.json"), JSON.stringify({ ciphertext: "v1:abc", result: "sk-another" }));
    expect(findLeaks([dir], { apiKey: secret })).toEqual([]);
  });
});
