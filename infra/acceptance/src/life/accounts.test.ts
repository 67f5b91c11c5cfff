import { barFaults, StreamAccount } from "./accounts.js";
import { Ear } from "./ear.js";
import { Model } from "./model.js";
import { UTC_2200 } from "./told-life.js";

const TICK = { symbol: "EURUSD", timeUs: 60_000_000, seq: 0, price: 1.5 };
const GAP = { kind: "gap", symbol: "EURUSD", fromUs: 0, toUs: 120_000_000 } as const;
const told = { kind: "tick", ...TICK } as const;

let ear: Ear;
let account: StreamAccount;
beforeEach(() => {
  // It is never opened.
  ear = new Ear("client", "http://127.0.0.1:1", "/ws", ["EURUSD"]);
  account = new StreamAccount(ear);
});

const missing = (lost = false) => account.missing({ created: lost ? [] : [TICK], lost: lost ? [TICK] : [] });

describe("an account closes", () => {
  test.each([
    ["with the tick", told],
    ["with a gap that holds it", GAP],
    ["where it begins anew", { kind: "anew" } as const],
  ])("%s", (_name, heard) => {
    account.begin();
    account.note([TICK]);
    ear.heard.push(heard);
    expect(missing()).toEqual([]);
    expect(account.invented()).toEqual([]);
  });

  test("when the gap of a database that went back holds what went with it, or the client never knew it", () => {
    account.note([TICK]);
    account.begin();
    expect(missing(true)).toEqual([]);
    ear.heard.push(told);
    account.begin();
    ear.heard.push(GAP);
    expect(missing(true)).toEqual([]);
  });
});

describe("an account does not close", () => {
  test("without the tick, or with what was told before it", () => {
    ear.heard.push(GAP);
    account.begin();
    expect(missing()).toHaveLength(1);
    ear.heard.push({ ...GAP, toUs: 60_000_000 }, { ...GAP, symbol: "GBPUSD" }, { ...told, price: 2 });
    expect(missing()).toHaveLength(1);
  });

  test("when a client is not told that what it knows is gone with the database", () => {
    account.note([TICK]);
    ear.heard.push(told);
    account.begin();
    expect(missing(true)).toHaveLength(1);
  });

  test("with a tick that never was, or that is told twice", () => {
    account.note([TICK]);
    ear.heard.push(told, { ...told, seq: 1 }, told);
    expect(account.invented()).toHaveLength(2);
  });
});

describe("bars of a client", () => {
  const model = new Model(UTC_2200);
  model.post([TICK]);
  const [bar] = model.bars("minute");
  const hear = (bars: readonly object[]) => {
    for (const [at, other] of bars.entries()) {
      const heard = {
        ...(bar ?? { ...TICK, bucketUs: 0, open: 0, high: 0, low: 0, close: 0, tick_count: 0 }),
        ...other,
      };
      ear.bars.set(`EURUSD minute ${heard.bucketUs}`, { ...heard, level: "minute", at });
    }
    return barFaults(ear, model, TICK.timeUs, ["minute"]);
  };

  test("are right, or declared to be wrong", () => {
    expect(hear([{}])).toEqual([]);
    ear.barGaps.push({ symbol: "EURUSD", level: "minute", fromUs: 0, toUs: 120_000_000, at: 7 });
    expect(hear([{ close: 9 }])).toEqual([]);
    expect(hear([{}, { bucketUs: 120_000_000 }])).toEqual([]);
  });

  test("are wrong, missing, or gone without a word", () => {
    expect(hear([])).toHaveLength(1);
    expect(hear([{ close: 9 }])).toHaveLength(1);
    expect(hear([{}, { bucketUs: 0 }])).toHaveLength(1);
    expect(hear([{}, { bucketUs: 0, tick_count: 0 }])).toEqual([]);
  });
});
