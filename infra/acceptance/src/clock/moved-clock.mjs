/**
 * Preloaded into a service (`NODE_OPTIONS=--import=…`), moves its wall clock, `Date.now()` and `new Date()`, by the milliseconds
 * that the file FX_TEST_CLOCK_FILE holds, also while the service runs. `performance.now()` and timers go on as they are: a machine's
 * monotonic clock does not jump either.
 */
import { readFileSync } from "node:fs";

const { FX_TEST_CLOCK_FILE: file } = process.env;
const RealDate = Date;

/** Reading the file more often would cost a busy service more than a hundredth of its time, ms. */
const READ_AGAIN_MS = 1;

let offsetMs = 0;
let readAtMs = Number.NEGATIVE_INFINITY;

/** Asked for when the time is, so that a moved clock is seen at once whatever keeps the event loop busy. */
function now() {
  const atMs = performance.now();
  if (atMs - readAtMs >= READ_AGAIN_MS) {
    offsetMs = Number(readFileSync(file, "utf8"));
    readAtMs = atMs;
  }
  return RealDate.now() + offsetMs;
}

const MovedDate = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
});

if (file !== undefined) {
  RealDate.prototype.constructor = MovedDate;
  globalThis.Date = MovedDate;
}
