import type { Caller, Gate } from "../src/index.js";

const ANYBODY: Caller = {
  feeds: undefined,
  ...{ name: "anybody", symbols: undefined, isEnded: false, quota: undefined },
  has: () => true,
  maySee: () => true,
};

/** Lets everybody in, to do everything. */
export const OPEN_GATE: Gate = { admit: () => ANYBODY };
