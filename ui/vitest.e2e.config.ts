import { defineConfig } from "vitest/config";

// Browser tests: one Chromium and one backend for the whole run, so files go one after another.
export default defineConfig({
  test: {
    environment: "node",
    include: ["e2e/**/*.e2e.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
