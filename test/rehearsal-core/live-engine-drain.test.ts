import { expect, test } from "vitest";
import { Drain } from "../../rehearsal/live/engine/drain";

/** A drain whose time is up when a test says so. */
function draining() {
  const timers: { milliseconds: number; callback: () => void; stopped: boolean }[] = [];
  const drain = new Drain((milliseconds, callback) => {
    const timer = { milliseconds, callback, stopped: false };
    timers.push(timer);
    return () => {
      timer.stopped = true;
    };
  });
  const cut: string[] = [];
  const answer = (name: string) => {
    const underWay = { cut: () => cut.push(name) };
    drain.add(underWay);
    return underWay;
  };
  return { drain, timers, cut, answer };
}

test("with time, it ends when the last answer does, and nothing is cut", async () => {
  const { drain, timers, cut, answer } = draining();
  const [a, b] = [answer("a"), answer("b")];
  expect(drain.draining).toBe(false);
  let over = false;
  const end = drain.drain(30).then(() => {
    over = true;
  });
  expect(drain.draining).toBe(true);
  drain.remove(a);
  await Promise.resolve();
  expect(over).toBe(false);
  drain.remove(b);
  await end;
  expect(cut).toEqual([]);
  expect(timers).toMatchObject([{ milliseconds: 30_000, stopped: true }]);
});

test("what is left when the time is up is cut", async () => {
  const { drain, timers, cut, answer } = draining();
  answer("a");
  const end = drain.drain(30);
  timers[0]?.callback();
  await end;
  expect(cut).toEqual(["a"]);
});

test("without time all are cut at once; with nothing under way nothing is waited for", async () => {
  const { drain, timers, cut, answer } = draining();
  answer("a");
  answer("b");
  await drain.drain(0);
  expect(cut).toEqual(["a", "b"]);
  await draining().drain.drain(30);
  expect(timers).toEqual([]);
});
