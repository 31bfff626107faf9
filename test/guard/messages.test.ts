import { expect, test } from "vitest";
import type { Notice } from "../../guard/decide";
import { messageOf } from "../../guard/messages";
import { duration } from "../../guard/messages-text";
import { at, HOUR, instance, NOW, SETTINGS, steady } from "./facts-made";

const around = { instances: [instance("i-1"), steady("i-2")], faults: [], now: NOW };
const OFF = { since: at(0), reason: "lease", detail: "The lease ended.", sizes: {} } as const;

test("what happened, what was running, what to do", () => {
  expect(messageOf({ notice: "off", off: OFF }, SETTINGS, around)).toEqual({
    subject: "Pilotlight dev: GPUs are switched off",
    text: `The lease ended. GPU capacity of stack pilotlight-dev is switched off: Karpenter may start no more instances, steady node groups go to zero, and GPU instances are terminated next.

Running now:
    i-1  g6e.xlarge  pool l40s (elastic)  up 3 h  $2.00/h
    i-2  p5.48xlarge  pool fixed (steady)  up 3 h  $60.00/h
    in all $62.00 an hour at on-demand prices

Back on with:

    npm run wake -- --stack dev`,
  });
});

test("what failed is in the message, and a long list is cut", () => {
  const instances = Array.from({ length: 25 }, (_, index) => instance(`i-${index}`));
  const { text } = messageOf({ notice: "off", off: OFF }, SETTINGS, { ...around, instances, faults: ["deny: no"] });
  expect(text.match(/ {4}i-\d+ /g)).toHaveLength(20);
  expect(text).toContain("    and 5 more\n    in all $50.00 an hour");
  expect(text).toMatch(/These steps failed; the guard tries again every 5 minutes:\n {4}deny: no$/);
});

test.each<[Notice, string]>([
  [{ notice: "off", off: OFF }, "npm run wake -- --stack"],
  [{ notice: "ended", why: "idle", instances: around.instances }, "npm run why -- --stack"],
  [{ notice: "ended", why: "unseen", instances: around.instances }, "npm run why -- --stack"],
  [{ notice: "left", instances: around.instances }, "npm run lease -- --stack"],
  [{ notice: "past-limit", detail: "Too dear." }, "npm run lease -- --stack"],
  [{ notice: "idle-rests", pool: "l40s", since: at(0), until: at(24 * HOUR) }, "npm run why -- --stack"],
  [{ notice: "unseen", instances: around.instances, endsFrom: at(HOUR) }, "deployment/gpu-use"],
  [{ notice: "unseen", instances: around.instances }, "deployment/gpu-use"],
  [{ notice: "stayed", instances: around.instances }, "npm run lease -- --stack"],
  [{ notice: "orphans", instances: around.instances }, "npm run lease -- --stack"],
  [{ notice: "steady-idle", instances: around.instances }, "pulumi up"],
  [{ notice: "lease-warning", leaseUntil: at(HOUR) }, "--extend 4h"],
  [{ notice: "state-lost", faults: ["it is no JSON"] }, "npm run wake -- --stack"],
])("%j: SNS takes the subject, and the command is in the text", (notice, command) => {
  const settings = { ...SETTINGS, stackShort: `ünïcode-${"x".repeat(120)}` };
  const { subject, text } = messageOf(notice, settings, around);
  expect(subject).toMatch(/^[ -~]{1,99}$/);
  expect(text).toContain(command);
});

test("who is told of nodes without known use learns which, where to look, and how long there is", () => {
  const { text } = messageOf({ notice: "unseen", instances: around.instances, endsFrom: at(HOUR) }, SETTINGS, around);
  expect(text).toContain(
    "Nothing is known of the use of i-1, i-2; look at deployment gpu-use in namespace monitoring.",
  );
  expect(text).toContain(`ended from ${at(HOUR)} on`);
});

test("where unseen nodes are never ended, no end is promised", () => {
  const { text } = messageOf({ notice: "unseen", instances: around.instances }, SETTINGS, around);
  expect(text).toContain("Nothing is ended for it (spend.unseenNode is not set)");
  expect(text).not.toContain("undefined");
});

test.each([
  [-5, "less than 1 min"],
  [59, "less than 1 min"],
  [60, "1 min"],
  [12_000, "3 h 20 min"],
  [93_784, "1 d 2 h"],
])("%d seconds are %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
