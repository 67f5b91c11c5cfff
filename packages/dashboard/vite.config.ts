import { defineConfig } from "vite";
import { precompressed } from "./precompressed.js";

/** `pnpm dev` shows the page with the data of the local stack (`npm start`). */
const EDGE = process.env.EDGE_URL ?? "http://localhost:8000";
/** What the page asks of the API; folders of its sources have some of these names, too. */
const API_PATHS = "^/(ohlc|ticks|symbols|tickets|health|ready|quality|revisions|feeds|metrics|ws)(?!.*\\.ts)";

export default defineConfig({
  root: "src/page",
  // Files are asked for relative to the page: a proxy may have it below a prefix.
  base: "./",
  build: {
    outDir: "../../dist/site",
    emptyOutDir: true,
    target: "es2022",
    // The Content-Security-Policy allows nothing that is not a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Compressing takes its time; that is no news.
    rolldownOptions: {
      checks: { pluginTimings: false },
      // The chart library's licence wants its notice kept.
      output: { comments: { legal: true } },
    },
  },
  plugins: [precompressed()],
  server: { proxy: { [API_PATHS]: { target: EDGE, ws: true } } },
});
