import { defineConfig } from "vite";

/** What a browser loads is one file, so that it needs neither a bundler nor an import map. */
export default defineConfig({
  build: {
    lib: { entry: "src/browser.ts", formats: ["es"], fileName: "browser" },
    outDir: "dist",
    // tsc has written the modules and types of Node there.
    emptyOutDir: false,
    target: "es2022",
    minify: false,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
