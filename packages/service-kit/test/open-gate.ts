import type { Caller, Gate } from "../src/index.js";

const ANYBODY: Caller = {
  ...{ name: "anybody", symbols: undefined, isEnded: false },
  has: () => true,
  maySee: () => true,
};

/** Lets everybody in, to do everything. */
export const OPEN_GATE: Gate = { admit: () => ANYBODY };
