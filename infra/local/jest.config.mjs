import base from "../../packages/jest.base.mjs";

export default {
  ...base,
  transformIgnorePatterns: ["/node_modules/(?!\\.pnpm|temporal-|httpxy)", "/node_modules/\\.pnpm/(?!temporal-|httpxy)"],
};
