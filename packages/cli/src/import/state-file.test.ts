import { appendFileSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identify, StateFile } from "./state-file.js";

const KEY = { path: "/ticks.csv", symbol: "EURUSD", side: "bid", url: "http://localhost:8000", shiftUs: 0 };
const SAVED = {
  header: "time,bid,ask",
  mark: {
    line: 5,
    offset: 99,
    numbering: { timeUs: 7, seq: 1 },
    tick: { time: "2025-12-05T10:00:00.000007Z", price: 1.1 },
  },
};

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fx-state-"));
  file = join(directory, "ticks.csv");
  writeFileSync(file, "time,bid,ask\n");
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The state of an import of the file as it is now. */
async function stateOf(key: Partial<typeof KEY> = {}): Promise<StateFile> {
  const { path, ...identity } = await identify(file);
  return new StateFile(join(directory, "state"), { ...KEY, path, ...key }, identity);
}

describe("StateFile", () => {
  it("gives a later run what the last save of this import said", async () => {
    (await stateOf()).save({ ...SAVED, header: "older" });
    (await stateOf()).save(SAVED);
    expect((await stateOf()).load()).toEqual(SAVED);
  });

  it("keeps imports of another symbol, price, shift or address apart", async () => {
    (await stateOf()).save(SAVED);
    for (const other of [{ symbol: "X" }, { side: "ask" }, { shiftUs: 1 }, { url: "http://b" }]) {
      expect((await stateOf(other)).load()).toBeUndefined();
    }
  });

  it("does not trust what it saved about a file that was changed since, in size, time or head", async () => {
    (await stateOf()).save(SAVED);
    appendFileSync(file, "x");
    expect((await stateOf()).load()).toBeUndefined();
    writeFileSync(file, "time,bid,ask\n");
    const { modifiedMs, size } = await identify(file);
    (await stateOf()).save(SAVED);
    writeFileSync(file, "time,ask,bid\n");
    utimesSync(file, modifiedMs / 1000, modifiedMs / 1000);
    expect((await identify(file)).size).toBe(size);
    expect((await stateOf()).load()).toBeUndefined();
  });

  it("starts over when what it finds is not whole", async () => {
    const state = await stateOf();
    state.save(SAVED);
    writeFileSync(state.path, '{"about":{"version"');
    expect(state.load()).toBeUndefined();
  });

  it("leaves nothing behind once it is removed, and may be removed twice", async () => {
    const state = await stateOf();
    state.save(SAVED);
    state.remove();
    state.remove();
    expect(readdirSync(join(directory, "state"))).toEqual([]);
    expect(state.load()).toBeUndefined();
  });
});
