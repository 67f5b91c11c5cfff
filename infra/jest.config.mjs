/** All tests of the workspace in one run, which share one PostgreSQL server. */
export default {
  projects: [
    "<rootDir>/../packages/*/jest.config.mjs",
    "<rootDir>/../services/*/jest.config.mjs",
    "<rootDir>/*/jest.config.mjs",
  ],
  globalSetup: "<rootDir>/jest-setup.mjs",
};
