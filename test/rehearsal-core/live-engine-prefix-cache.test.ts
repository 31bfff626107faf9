import { expect, test } from "vitest";
import { PrefixCache } from "../../rehearsal/live/engine/prefix-cache";

/** A prompt of blocks of 16 tokens, each of one letter. */
const prompt = (letters: string) => [...letters].map((letter) => letter.repeat(64)).join("");

test("full blocks of a prompt are found again, up to the first that differs", () => {
  const cache = new PrefixCache(100);
  expect(cache.cachedTokens(prompt("abcd"))).toBe(0);
  cache.remember(prompt("abcd"));
  expect(cache.cachedTokens(prompt("abcx"))).toBe(48);
  expect(cache.cachedTokens(prompt("abcde"))).toBe(64);
  // The same block after another start has other keys and values.
  expect(cache.cachedTokens(prompt("xbcd"))).toBe(0);
  // Half a block is none.
  cache.remember(`${prompt("z")}${"y".repeat(63)}`);
  expect(cache.cachedTokens(`${prompt("z")}${"y".repeat(63)}`)).toBe(16);
});

test("the last token is computed, even of a prompt that is known whole", () => {
  const cache = new PrefixCache(100);
  cache.remember(prompt("abcd"));
  expect(cache.cachedTokens(prompt("abcd"))).toBe(48);
  expect(cache.cachedTokens(`${prompt("abcd")}!`)).toBe(64);
  expect(cache.cachedTokens("")).toBe(0);
});

test("the blocks that were not used for longest leave first, and a long prompt keeps its start", () => {
  const cache = new PrefixCache(4);
  cache.remember(prompt("ab"));
  cache.remember(prompt("cd"));
  expect(cache.cachedTokens(prompt("ab!"))).toBe(32);
  cache.remember(prompt("ef"));
  expect(cache.cachedTokens(prompt("ab!"))).toBe(32);
  expect(cache.cachedTokens(prompt("cd!"))).toBe(0);
  cache.remember(prompt("uvwxyz"));
  expect(cache.cachedTokens(prompt("uvwxyz"))).toBe(64);
});
