import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Equipment, findEquipment } from "../../rehearsal/equipment";
import { FaultStage } from "../../rehearsal/faults/matrix";
import { FAULTS } from "../../rehearsal/faults/table";

/*
 * Every fault in `up` and in `destroy`: it ends as its row says, a repeat converges, and nothing is left.
 */

const { signal } = new AbortController();
const say = () => {};
let dir: string;
let equipment: Equipment;
let on: FaultStage;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "pilotlight-faults-"));
  equipment = await findEquipment(say, signal);
  on = new FaultStage({ dir, say, signal }, equipment);
});
afterAll(async () => {
  await on?.close();
  rmSync(dir, { recursive: true });
});

test.each(FAULTS)("$fault", async (row) => {
  const seen = await on.play(row);
  expect(seen.map(({ phase, said }) => [phase, said !== ""])).toEqual([
    ["up", row.up.says !== undefined],
    ["destroy", row.destroy.says !== undefined],
  ]);
});

test("a failed node group is not repaired by the same command again, although that succeeds", async () => {
  const [row] = FAULTS;
  if (row === undefined) throw new Error("there is no fault");
  await expect(on.play({ ...row, up: { says: row.up.says } })).rejects.toThrow(
    /--fault capacity=p5, up: node group steady-steady-\w+ is CREATE_FAILED: .*InsufficientInstanceCapacity/,
  );
});

test("a fault at a step that never comes is no success", async () => {
  const never = { fault: "kill-at=Cluster:clustre", group: "engine", up: {}, destroy: {} } as const;
  await expect(on.play(never)).rejects.toThrow(
    "--fault kill-at=Cluster:clustre, up: no step of Cluster:clustre came; a resource is named as in the program",
  );
});
