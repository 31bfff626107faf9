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
  const stopped: string[] = [];
  const answer = (name: string) => {
    const underWay = { cut: () => stopped.push(`${name} cut`), hang: () => stopped.push(`${name} hangs`) };
    drain.add(underWay);
    return underWay;
  };
  return { drain, timers, stopped, answer };
}

test("with time, it ends when the last answer does, and nothing is stopped", async () => {
  const { drain, timers, stopped, answer } = draining();
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
  expect(stopped).toEqual([]);
  expect(timers).toMatchObject([{ milliseconds: 30_000, stopped: true }]);
});

test("what is left when the time is up hangs until its client goes", async () => {
  const { drain, timers, stopped, answer } = draining();
  const a = answer("a");
  const end = drain.drain(30);
  timers[0]?.callback();
  await end;
  expect(stopped).toEqual(["a hangs"]);
  let empty = false;
  const emptied = drain.emptied().then(() => {
    empty = true;
  });
  await Promise.resolve();
  expect(empty).toBe(false);
  drain.remove(a);
  await emptied;
});

test("without time all are cut at once; with nothing under way nothing is waited for", async () => {
  const { drain, timers, stopped, answer } = draining();
  answer("a");
  answer("b");
  await drain.drain(0);
  expect(stopped).toEqual(["a cut", "b cut"]);
  expect(timers).toEqual([]);
  const idle = draining();
  await idle.drain.drain(30);
  await idle.drain.emptied();
  expect(idle.timers).toEqual([]);
});
