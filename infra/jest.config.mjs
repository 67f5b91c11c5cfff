/** `npm test`, but for the acceptance tests that need the machine to themselves: one run, which shares one PostgreSQL server. */
export default {
  projects: [
    "<rootDir>/../packages/*/jest.config.mjs",
    "<rootDir>/../services/*/jest.config.mjs",
    "<rootDir>/{local,bench,ops}/jest.config.mjs",
    "<rootDir>/acceptance/beside.config.mjs",
  ],
  // Of the run, not of a project: Jest leaves out what a project says of it. Long: a busy machine is no reason to fail.
  testTimeout: 120_000,
  globalSetup: "<rootDir>/jest-setup.mjs",
  testSequencer: "<rootDir>/jest-sequencer.mjs",
  // Always processes of their own: what a test forgot and what throws later then costs one file, not the run.
  // More than the two cores this is meant for: most of what a test does is to wait, for processes to start and for deadlines.
  maxWorkers: 3,
};
