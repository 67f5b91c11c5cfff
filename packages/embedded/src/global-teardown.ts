import "./global-setup.js";

/** Jest's `globalTeardown`: ends what its setup has begun. */
export default async function globalTeardown(): Promise<void> {
  const close = globalThis.closeFxTestRun;
  globalThis.closeFxTestRun = undefined;
  await close?.();
}
