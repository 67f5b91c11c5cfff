/**
 * node bundle.mjs
 *
 * Puts the client with what it takes of the schemas into one file for Node, one for browsers, which need neither a bundler nor an
 * import map, and one of types. Nothing of the schemas is left to install: they hold decorators and names of Redis.
 */
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";

async function build(input, file, platform, plugins = []) {
  const bundle = await rolldown({ input, platform, external: ["ws"], plugins, onLog: refuse });
  await bundle.write({ file, format: "esm", codeSplitting: false });
}

/** What cannot be found would be left for the installed package to import. */
function refuse(level, log, report) {
  if (log.code === "UNRESOLVED_IMPORT") throw new Error(log.message);
  report(level, log);
}

/** The schemas' declarations import what their decorators need, for what it does and not for its types. */
const withoutEffects = {
  name: "without-effects",
  load: (id) => (id.includes("/reflect-metadata/") ? "export {};" : null),
};

await build("src/index.ts", "dist/index.js", "node");
await build("src/browser.ts", "dist/browser.js", "browser");
await build("dist/types/index.d.ts", "dist/index.d.ts", "node", [
  withoutEffects,
  dts({ dtsOnly: true, generator: "oxc", sourcemap: false }),
]);
