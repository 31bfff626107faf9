import { createServer } from "node:net";
import { expect, test } from "vitest";
import { candidatePort, firstEphemeralPort, isFree, onFreePort, PortTaken } from "../../rehearsal/ports";

test("a candidate lies outside the range from which the kernel takes ports for connections", () => {
  expect(firstEphemeralPort("32768\t60999\n")).toBe(32768);
  expect(candidatePort(32768, () => 0)).toBe(10_000);
  expect(candidatePort(32768, () => 0.999999)).toBe(32767);
  // A machine whose range begins low: above the range that is usual then.
  expect(candidatePort(1024, () => 0)).toBe(61_000);
  expect(candidatePort(1024, () => 0.999999)).toBe(65_535);
});

test("isFree tells a port where something listens from one where nothing does", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  expect(await isFree(port)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
  expect(await isFree(port)).toBe(true);
});

test("a start that finds its port taken is tried on another one; every other failure is final", async () => {
  const tried: number[] = [];
  const port = await onFreePort(async (candidate) => {
    tried.push(candidate);
    if (tried.length < 3) throw new PortTaken("taken");
    return candidate;
  });
  expect(tried).toHaveLength(3);
  expect(new Set(tried).size).toBe(3);
  expect(port).toBe(tried[2]);
  await expect(onFreePort(async () => Promise.reject(new PortTaken("taken")), 4)).rejects.toThrow("taken");
  let calls = 0;
  const failing = onFreePort(async () => {
    calls += 1;
    throw new Error("broken");
  });
  await expect(failing).rejects.toThrow("broken");
  expect(calls).toBe(1);
});
