import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { ConfigError } from "../../components/errors";

test("one fault, with its path", () => {
  const error = new ConfigError([{ path: "models.qwen.gpu", message: '"a10" is not a GPU; write a10g' }]);
  expect(error.message).toBe(
    'The stack\'s configuration has one fault; nothing was created.\n  ✖ models.qwen.gpu: "a10" is not a GPU; write a10g',
  );
});

test("all faults at once, in the order found", () => {
  const faults = [
    { path: "a", message: "first" },
    { path: "b[0]", message: "second" },
  ];
  const error = new ConfigError(faults);
  expect(error.message).toBe(
    "The stack's configuration has 2 faults; nothing was created.\n  ✖ a: first\n  ✖ b[0]: second",
  );
  expect(error.faults).toBe(faults);
});

test("Pulumi prints the message without a stack trace", () => {
  expect(pulumi.RunError.isInstance(new ConfigError([]))).toBe(true);
});
