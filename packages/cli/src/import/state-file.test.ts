import { appendFileSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mark } from "./chunks.js";
import { type ImportKey, identify, StateFile } from "./state-file.js";

const KEY: ImportKey = {
  ...{ paths: ["/ticks.csv"], symbol: "EURUSD", price: "bid", reading: "{}" },
  ...{ url: "http://localhost:8000", shiftUs: 0 },
};
const MARK: Mark = {
  ...{ file: 0, member: 0, line: 5, offset: 99, unit: "line" },
  tick: { symbol: "EURUSD", time: "2025-12-05T10:00:00.000007Z", prices: [1.1] },
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
async function stateOf(key: Partial<ImportKey> = {}): Promise<StateFile> {
  const identity = await identify(file);
  return new StateFile(join(directory, "state"), { ...KEY, paths: [identity.path], ...key }, [identity]);
}

describe("StateFile", () => {
  it("gives a later run what the last save of this import said", async () => {
    (await stateOf()).save({ ...MARK, line: 4 });
    (await stateOf()).save(MARK);
    expect((await stateOf()).load()).toEqual(MARK);
  });

  it("keeps imports of other files, another symbol, price, reading, shift or address apart", async () => {
    (await stateOf()).save(MARK);
    const others: Partial<ImportKey>[] = [
      ...[{ symbol: "X" }, { symbol: undefined }, { price: "ask" }, { reading: '{"format":"csv"}' }],
      ...[{ shiftUs: 1 }, { url: "http://b" }, { paths: [file, file] }],
    ];
    for (const other of others) {
      expect((await stateOf(other)).load()).toBeUndefined();
    }
  });

  it("does not trust what it saved about a file that was changed since, in size, time or head", async () => {
    (await stateOf()).save(MARK);
    appendFileSync(file, "x");
    expect((await stateOf()).load()).toBeUndefined();
    writeFileSync(file, "time,bid,ask\n");
    const { modifiedMs, size } = await identify(file);
    (await stateOf()).save(MARK);
    writeFileSync(file, "time,ask,bid\n");
    utimesSync(file, modifiedMs / 1000, modifiedMs / 1000);
    expect((await identify(file)).size).toBe(size);
    expect((await stateOf()).load()).toBeUndefined();
  });

  it("starts over when what it finds is not whole", async () => {
    const state = await stateOf();
    state.save(MARK);
    writeFileSync(state.path, '{"about":"5f');
    expect(state.load()).toBeUndefined();
  });

  it("leaves nothing behind once it is removed, and may be removed twice", async () => {
    const state = await stateOf();
    state.save(MARK);
    state.remove();
    state.remove();
    expect(readdirSync(join(directory, "state"))).toEqual([]);
    expect(state.load()).toBeUndefined();
  });
});
