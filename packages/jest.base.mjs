/** Jest loads CommonJS: what is published as ES modules only is transformed too. */
const MODULES_ONLY = "(?:temporal-|trading-signals|hyparquet|hysnappy|jose)";

/**
 * Jest's settings for every package: TypeScript is transformed by swc on the fly, and the project's own packages are read
 * from their sources, so that a test never runs against a stale build.
 */
export default {
  testEnvironment: "node",
  // A deadline for what hangs, not a measure of speed: on a busy machine a service takes seconds to start.
  testTimeout: 30_000,
  testMatch: ["<rootDir>/src/**/*.test.ts", "<rootDir>/test/**/*.test.ts"],
  transform: {
    "^.+\\.[tj]s$": [
      "@swc/jest",
      {
        jsc: {
          target: "es2023",
          parser: { syntax: "typescript", decorators: true },
          transform: { legacyDecorator: true },
        },
        module: { type: "commonjs" },
        sourceMaps: "inline",
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!\\.pnpm|${MODULES_ONLY})`, `/node_modules/\\.pnpm/(?!${MODULES_ONLY})`],
  moduleNameMapper: {
    "^@fx-ohlc/([a-z-]+)/(calendar|interval|session|time|zone)$": "<rootDir>/../../packages/$1/src/$2.ts",
    "^@fx-ohlc/database/archive$": "<rootDir>/../../packages/database/src/archive/index.ts",
    "^@fx-ohlc/([a-z-]+)$": "<rootDir>/../../packages/$1/src/index.ts",
    "^(\\.{1,2}/.*)\\.js$": "$1",
  },
};
