/** Jest reporter: the result in one plain line, the last one. A test file that could not be run counts as one failed test. */
export default class Summary {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) {
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    process.stdout.write(`\n${numPassedTests} passed, ${failed} failed\n`);
  }
}
