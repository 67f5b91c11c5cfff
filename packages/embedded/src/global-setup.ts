import { openTestRun } from "./test-run.js";

declare global {
  /** Jest gives its setup and teardown no other way to share something. */
  var closeFxTestRun: (() => Promise<void>) | undefined;
}

/** Jest's `globalSetup`: one PostgreSQL server for all test files, also when several packages are tested in one run. */
export default async function globalSetup(): Promise<void> {
  globalThis.closeFxTestRun ??= await openTestRun();
}
