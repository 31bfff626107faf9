import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/rehearsal/**"],
    // Importing the AWS SDK for the first time takes seconds on a small machine.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
