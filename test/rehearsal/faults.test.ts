import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Equipment, findEquipment } from "../../rehearsal/equipment";
import { FaultStage } from "../../rehearsal/faults/matrix";
import { FAULTS, firstOfEach, rowOf } from "../../rehearsal/faults/table";

/*
 * A fault of each group and of each fix in `up` and in `destroy`: it ends as its row says, a repeat converges, and nothing is left.
 * All thirty are played by `npm run rehearse -- --faults`.
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

test.each(firstOfEach(FAULTS))("$fault", async (row) => {
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

test("a fix is told of only where there was something to mend", async () => {
  const seen = await on.play(rowOf("capacity=m7i.large"));
  expect(seen).toMatchObject([
    { phase: "up", said: "", fixes: [] },
    { phase: "destroy", said: "", fixes: [] },
  ]);
});

test.each([
  [
    "kill-at=Cluster:clustre",
    "no step of Cluster:clustre came; a resource is named as in the program, the nearest are Cluster:cluster,",
  ],
  [
    "capacity=g6e",
    "no launch of g6e in a rehearsal without pods, which tries m7i.large@us-east-1a, m7i.large@us-east-1b, " +
      "p5.4xlarge@us-east-1a; npm run rehearse -- --live --part capacity shows it",
  ],
  ["throttle=rds", "no call of rds, only of "],
])("%s meets nothing, which is no success", async (fault, why) => {
  await expect(on.play(rowOf(fault))).rejects.toThrow(`--fault ${fault}, up: the fault met nothing: ${why}`);
});
