import fc from "fast-check";
import { checkDto } from "./dto.js";
import type { FieldError } from "./field-error.js";
import { checkTick } from "./tick.js";
import { TickDto } from "./tick-dto.js";

const NOW_US = 1_700_000_000_000_000;
const RULES = { nowUs: NOW_US, stampUs: NOW_US + 7, maxClockSkewUs: 300_000_000 };
const wrong = fc.oneof(
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constant({}),
  fc.constant([]),
  fc.bigInt(),
);
const price = fc.oneof(
  { weight: 3, arbitrary: fc.double({ min: 1e-9, max: 1e9, noNaN: true }) },
  fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY, undefined),
  wrong,
);
const body = fc.oneof(
  { weight: 1, arbitrary: wrong },
  {
    weight: 9,
    arbitrary: fc.record(
      {
        symbol: fc.oneof(fc.constantFrom("EURUSD", "eur/usd", "", "toolongsymbol"), wrong),
        time: fc.oneof(fc.constantFrom("2023-01-01T00:00:00Z", "2023-01-01T00:00:00", "2023-02-30T00:00:00Z"), wrong),
        price,
        bid: price,
        ask: price,
        seq: fc.oneof(fc.integer({ min: -1, max: 1025 }), wrong),
        extra: fc.constant(1),
      },
      { requiredKeys: [] },
    ),
  },
);

test("the compiled check of the bulk path and the DTO's decorators refuse the same fields in the same words", () => {
  fc.assert(
    fc.property(body, (raw) => {
      const errors: FieldError[] = [];
      const tick = checkTick(raw, RULES, "", errors);
      const checked = checkDto(TickDto, raw);
      expect(tick !== undefined).toBe(checked.ok);
      if (checked.ok || typeof raw !== "object" || raw === null || Array.isArray(raw)) return;
      const text = (list: readonly FieldError[]) => list.map(({ field, message }) => `${field}: ${message}`).sort();
      expect(text(errors)).toEqual(text(checked.errors));
    }),
    { numRuns: 5000 },
  );
});

test("keys that class-transformer would drop are refused like any other unknown field", () => {
  for (const key of ["__proto__", "constructor", "toString"]) {
    const raw: unknown = JSON.parse(`{"price":1,"${key}":1}`);
    expect(checkDto(TickDto, raw)).toMatchObject({ ok: false, unknownField: true, errors: [{ field: key }] });
    const errors: FieldError[] = [];
    expect(checkTick(raw, RULES, "", errors)).toBeUndefined();
    expect(errors).toEqual([{ field: key, message: expect.any(String) }]);
  }
});

test("a tick is refused before 1970 and beyond the clock skew", () => {
  const check = (time: string) => {
    const errors: FieldError[] = [];
    checkTick({ price: 1, time }, RULES, "", errors);
    return errors.map((error) => error.message);
  };
  expect(check("2023-11-14T22:18:20Z")).toEqual([]);
  expect(check("2023-11-14T22:18:20.000001Z")).toEqual([expect.stringContaining("300 s in the future")]);
  expect(check("1969-12-31T23:59:59.999999Z")).toEqual([expect.stringContaining("before 1970")]);
});

test("a tick without a time gets the stamp, whatever the limits are, and is marked; one that names the same instant is not", () => {
  const rules = { ...RULES, maxClockSkewUs: 0 };
  expect(checkTick({ price: 1 }, rules, "", [])).toMatchObject({ timeUs: NOW_US + 7, isStamped: true });
  expect(checkTick({ price: 1, time: "2023-11-14T22:13:20.000007Z" }, RULES, "", [])).toMatchObject({
    ...{ timeUs: NOW_US + 7, isStamped: false },
  });
});
