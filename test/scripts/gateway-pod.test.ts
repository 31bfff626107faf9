import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { adoptedContext, type Pod, readyPod } from "../../scripts/gateway-pod";

const pod = (name: string, phase: string, ready: boolean, leaving = false): Pod => ({
  metadata: { name, ...(leaving ? { deletionTimestamp: new Date(0) } : {}) },
  status: { phase, conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
});

const asked: unknown[] = [];
const api = (...items: Pod[]) => ({
  listNamespacedPod: async (request: unknown) => {
    asked.push(request);
    return { items };
  },
});

test("takes the pod that is ready and stays", async () => {
  const pods = api(pod("a", "Pending", false), pod("b", "Running", true, true), pod("c", "Running", true));
  expect(await readyPod(pods)).toBe("c");
  expect(asked.at(-1)).toEqual({ namespace: "inference", labelSelector: "app.kubernetes.io/name=gateway" });
});

test("says what there is when none is ready", async () => {
  await expect(readyPod(api(pod("a", "Pending", false), pod("b", "Running", false)))).rejects.toThrow(
    "no gateway pod in namespace inference is ready: a is Pending, b is Running",
  );
  await expect(readyPod(api())).rejects.toThrow("there is no gateway pod in namespace inference; is the stack up?");
});

test("the context of an adopted cluster comes from the stack file", () => {
  const folder = mkdtempSync(join(tmpdir(), "pilotlight-test-"));
  try {
    writeFileSync(
      join(folder, "Pulumi.mine.yaml"),
      "config:\n  pilotlight:cluster:\n    adopt: { context: my-context }\n",
    );
    writeFileSync(join(folder, "Pulumi.own.yaml"), "config: {}\n");
    expect(adoptedContext("mine", folder)).toBe("my-context");
    expect(() => adoptedContext("own", folder)).toThrow(
      /^stack own has no output kubeconfig .* run: pulumi up --stack own$/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
