import base from "./jest.base.mjs";

/** For packages whose tests need databases: all test files share one PostgreSQL server. */
export default {
  ...base,
  globalSetup: "@fx-ohlc/embedded/global-setup",
  globalTeardown: "@fx-ohlc/embedded/global-teardown",
};
