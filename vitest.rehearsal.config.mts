import { defineConfig } from "vitest/config";

/** Tests that need the built binaries: run after `npm run rehearse` has put them in the cache. */
export default defineConfig({
  test: {
    include: ["test/rehearsal/**/*.test.ts"],
    // One stage at a time: each test file starts its own control plane.
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 1_800_000,
  },
});
