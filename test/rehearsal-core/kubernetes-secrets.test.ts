import { describe, expect, test } from "vitest";
import type { Props, Value } from "../../rehearsal/doubles/aws/table";
import { markLike, reveal } from "../../rehearsal/doubles/rpc-secrets";

/** As Pulumi's protocol writes a secret. */
const secret = (value: Value): Props => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});

test("a double sees plain values, at every depth", () => {
  expect(reveal({ a: secret("x"), b: [{ c: secret({ d: secret(1) }) }], e: null })).toEqual({
    a: "x",
    b: [{ c: { d: 1 } }],
    e: null,
  });
});

describe("answers are marked like the inputs", () => {
  test.each<[string, Props, Props, Props]>([
    ["a value", { a: "x", b: "y" }, { a: secret("x"), b: "y" }, { a: secret("x"), b: "y" }],
    ["deep in a structure", { v: { a: "x", b: 1 } }, { v: { a: secret("x") } }, { v: { a: secret("x"), b: 1 } }],
    ["a whole structure", { v: { a: "x" } }, { v: secret({ a: "x" }) }, { v: secret({ a: "x" }) }],
    ["a list as a whole", { l: ["x", "y"] }, { l: ["x", secret("y")] }, { l: secret(["x", "y"]) }],
    ["another type", { v: "text" }, { v: { a: secret("x") } }, { v: secret("text") }],
    ["nothing where nothing is secret", { a: "x" }, { a: "x" }, { a: "x" }],
    ["nothing that is not there", { b: 1 }, { a: secret("x") }, { b: 1 }],
    ["a secret only once", { a: secret("x") }, { a: secret("x"), value: secret("x") }, { a: secret("x") }],
  ])("%s", (_, outs, ins, marked) => {
    expect(markLike(outs, ins)).toEqual(marked);
  });
});
