import fc from "fast-check";
import type { FieldError } from "./field-error.js";
import { keepSpellings } from "./symbol.js";
import { checkTick, type NewTick } from "./tick.js";
import { plainDecimal, plainTime, readPlainTick, readPlainTicks } from "./tick-bytes.js";
import { formatTime, LATEST_US, parseTime } from "./time.js";

const NOW_US = 1_700_000_000_000_000;
const RULES = { nowUs: NOW_US, stampUs: NOW_US, maxClockSkewUs: 300_000_000 };
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** What the careful way reads; undefined where it refuses. */
function careful(raw: unknown): NewTick | undefined {
  const errors: FieldError[] = [];
  return checkTick(raw, RULES, "", errors);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const space = fc.constantFrom("", "", "", " ", "\n", "\t ", "\r\n");
const time = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.integer({ min: 0, max: NOW_US + 400_000_000 }).map((us) => JSON.stringify(formatTime(us))),
  },
  fc.constantFrom(
    '"2023-02-29T00:00:00Z"',
    '"2023-01-01T00:00:00.5Z"',
    '"2023-01-01T00:00:00+01:00"',
    '"2023-01-01t24:00:00Z"',
  ),
  fc.constantFrom(
    '"2023-1-01T00:00:00Z"',
    '"0099-01-01T00:00:00Z"',
    "null",
    "7",
    '"2023-01-01T00:00:00.1234567Z"',
    '"2023-13-01T00:00:00Z"',
  ),
);
const price = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: 1e-6, max: 1e6, noNaN: true }).map(String) },
  { weight: 4, arbitrary: fc.tuple(fc.nat(9999), fc.nat(99_999)).map(([whole, rest]) => `${whole}.${rest}`) },
  fc.constantFrom(
    "0",
    "-1",
    "1e5",
    "01",
    "1.",
    ".5",
    "1.1234567890123456",
    '"1"',
    "null",
    "1.2.3",
    "",
    "0.0",
    "12345678901234567",
  ),
);
const symbol = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('"EURUSD"', '"eur/usd"', '"XAU-1"', '"A"', '"EUR_USD"', '"FX:EURUSD"', '"S&P500#"'),
  },
  fc.constantFrom(
    '""',
    '"EUR\\u0055SD"',
    '"toolongsymboltoolongsymboltoolongsymbol"',
    '"EÜR"',
    '"A B"',
    "null",
    '"A\\"',
    '"A:BID"',
    '".A"',
  ),
);
const seq = fc.constantFrom("0", "3", "1023", "1024", "-1", "1.5", "1.0", "null", "007");
const field = fc.oneof(
  time.map((value) => ["time", value] as const),
  fc.tuple(fc.constantFrom("price", "bid", "ask"), price),
  symbol.map((value) => ["symbol", value] as const),
  seq.map((value) => ["seq", value] as const),
  { weight: 1, arbitrary: fc.constantFrom(["extra", "1"] as const, ["tim\\u0065", '"2023-01-01T00:00:00Z"'] as const) },
);
const whole = fc.tuple(time, price, symbol).map(
  ([at, of, what]) =>
    [
      ["symbol", what],
      ["price", of],
      ["time", at],
    ] as const,
);
const wholeQuote = fc.tuple(time, price, price, symbol).map(
  ([at, bid, ask, what]) =>
    [
      ["symbol", what],
      ["bid", bid],
      ["ask", ask],
      ["time", at],
    ] as const,
);
/** As it is answered: with its mid, or what may be another price. */
const beside = fc.tuple(fc.constantFrom("1.1", "1.3", "2", "1e5"), fc.constantFrom("1.1", "1.2", "1.3")).map(
  ([ask, of]) =>
    [
      ["price", of],
      ["bid", "1.1"],
      ["ask", ask],
      ["time", '"2023-01-01T00:00:00Z"'],
    ] as const,
);
const row = fc
  .tuple(
    fc.oneof({ weight: 3, arbitrary: fc.oneof(whole, wholeQuote, beside) }, fc.array(field, { maxLength: 5 })),
    fc.array(space, { minLength: 12, maxLength: 12 }),
  )
  .map(([fields, spaces]) => {
    let at = 0;
    const gap = () => spaces[at++ % spaces.length];
    return `{${gap()}${fields.map(([key, value]) => `"${key}"${gap()}:${gap()}${value}${gap()}`).join(`,${gap()}`)}}`;
  });

test("what is read from bytes is what JSON.parse and the check read, and nothing that they refuse", () => {
  let plain = 0;
  fc.assert(
    fc.property(row, (text) => {
      const read = readPlainTick(bytesOf(text), 0, bytesOf(text).length, RULES);
      if (read === undefined) return;
      plain += 1;
      expect(read).toEqual(careful(parsed(text)));
    }),
    { numRuns: 20_000 },
  );
  // The test would show nothing if hardly anything were plain.
  expect(plain).toBeGreaterThan(2000);
});

test("a spelling that comes to be kept is read as itself from then on", () => {
  const body = bytesOf('[{"symbol":"GBP_USD","time":"2023-01-01T00:00:00Z","price":1}]');
  const symbolRead = () => readPlainTicks(body, RULES, 1)?.[0]?.symbol;
  expect(symbolRead()).toBe("GBPUSD");
  keepSpellings(["GBP_USD"]);
  expect(symbolRead()).toBe("GBP_USD");
  keepSpellings([]);
  expect(symbolRead()).toBe("GBPUSD");
});

test("an array is read as a whole or not at all, whatever is wrong with it", () => {
  const damage = fc.option(fc.tuple(fc.nat(), fc.constantFrom("", ",", "]", "{", '"', "x", "[")), { nil: undefined });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 4 }), damage, (rows, damaged) => {
      let text = `[${rows.join(",")}]`;
      if (damaged !== undefined) {
        const at = damaged[0] % text.length;
        text = text.slice(0, at) + damaged[1] + text.slice(at + 1);
      }
      const read = readPlainTicks(bytesOf(text), RULES, 50_000);
      if (read === undefined) return;
      const raw = parsed(text);
      expect(Array.isArray(raw)).toBe(true);
      expect(read).toEqual((raw as unknown[]).map(careful));
    }),
    { numRuns: 10_000 },
  );
});

test("machines' own JSON is plain, in any order of its fields", () => {
  const tick = (more: object) => ({ symbol: "EURUSD", time: "2023-01-02T03:04:05.123456Z", price: 1.07123, ...more });
  const time = "2023-01-02T03:04:05Z";
  const quote = { ask: 1.37618, bid: 1.37615, time };
  const rows = [tick({}), tick({ seq: 3 }), { price: 1, time }, quote, { price: 1.376165, ...quote }];
  for (const indent of [0, 2]) {
    const read = readPlainTicks(bytesOf(JSON.stringify(rows, undefined, indent)), RULES, 5);
    expect(read).toEqual(rows.map(careful));
  }
  expect(readPlainTicks(bytesOf(JSON.stringify(rows)), RULES, 3)).toBeUndefined();
});

test("a decimal of up to 15 digits is the double that Number gives, and every other one is left to it", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 17n }), fc.nat(18), (digits, decimals) => {
      const padded = digits.toString().padStart(decimals + 1, "0");
      const text = decimals === 0 ? padded : `${padded.slice(0, -decimals)}.${padded.slice(-decimals)}`;
      const read = plainDecimal(bytesOf(text), 0, text.length);
      if (text.replace(".", "").length > 15) expect(read).toBeNaN();
      else expect(read).toBe(Number(text));
    }),
    { numRuns: 20_000 },
  );
});

test("a plain time is what parseTime reads, in either spelling and to the nanosecond", () => {
  const spelling = fc.record({ separator: fc.constantFrom("T", " "), zone: fc.constantFrom("Z", "+00:00") });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: LATEST_US }), fc.nat(9), spelling, (us, digits, { separator, zone }) => {
      const fraction = digits === 0 ? "" : `.${formatTime(us).slice(20, -1)}789`.slice(0, digits + 1);
      const text = `${formatTime(us).slice(0, 10)}${separator}${formatTime(us).slice(11, 19)}${fraction}${zone}`;
      expect(plainTime(bytesOf(text), 0, text.length)).toBe(parseTime(text));
    }),
    { numRuns: 5000 },
  );
});

test("a number is the time that its digits count, to the last microsecond", () => {
  const read = (time: string, timeUnit: "s" | "ms" | "us" | "ns") => {
    const body = bytesOf(`{"time":${time},"price":1}`);
    return readPlainTick(body, 0, body.length, { ...RULES, timeUnit })?.timeUs;
  };
  expect(read("1600000000123456001", "ns")).toBe(1_600_000_000_123_456);
  expect(read("1600000000123456", "us")).toBe(1_600_000_000_123_456);
  expect(read("1600000000123", "ms")).toBe(1_600_000_000_123_000);
  expect(read("1600000000", "s")).toBe(1_600_000_000_000_000);
  expect(read("1600000000.5", "s")).toBeUndefined();
});
