import { openPool, type Sql } from "@fx-ohlc/database";
import { bucketEnd, bucketStart, fxDayName, INTERVALS, type Interval, isTimezone } from "@fx-ohlc/schemas";
import { type TestDatabase, testDatabase } from "@fx-ohlc/testkit";

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await testDatabase();
  sql = openPool({ url: database.url, applicationName: "calendar", connectionsMax: 1, statementTimeoutMs: 60_000 });
});
afterAll(async () => {
  await sql.end({ timeout: 2 });
  await database.drop();
});

/** A repeatable sequence of numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Question {
  readonly us: number;
  readonly interval: Interval;
  readonly timezone: string;
  readonly hour: number;
}

const CASES = 100_000;
const AT_ONCE = 25_000;
const FROM_US = Date.UTC(1973, 0, 1) * 1000;
/** To where both sides' time zone data list their changes; what governments decide later is in neither. */
const UNTIL_US = Date.UTC(2037, 0, 1) * 1000;

/**
 * When an FX day starts, in PostgreSQL's own arithmetic. `at time zone` gives a local time its instant; of a local time that
 * happens twice it is the second occurrence, so an earlier instant with the same wall clock is looked for; one that the clocks
 * skip is moved by the length of the jump, so the first instant with a later wall clock is. Both by quarters of an hour, on
 * which all clocks have changed since 1973; before, Liberia's changed by 44 minutes and a half.
 *
 * @param from a relation with `wall`, the local date and hour, and `tz`
 */
const startsOf = (from: string) => `
  select given.*,
         case when guess at time zone tz = wall
              then least(guess, case when (guess - interval '30 min') at time zone tz = wall then guess - interval '30 min' end,
                                case when (guess - interval '1 h') at time zone tz = wall then guess - interval '1 h' end,
                                case when (guess - interval '2 h') at time zone tz = wall then guess - interval '2 h' end,
                                case when (guess - interval '3 h') at time zone tz = wall then guess - interval '3 h' end)
              else (select min(t)
                      from generate_series(guess - interval '25 h', guess, interval '15 min') as t
                     where t at time zone tz >= wall)
         end as starts
    from (select *, wall at time zone tz as guess from ${from}) as given`;

/** Asks for many buckets at once: the FX day of each instant, the first day of its week, month, quarter or year, and what starts when. */
const STATEMENT = `
  with question as materialized (
    select at, unit, tz, hour::int, place, case when hour >= 12 then 1 else 0 end as name_shift
      from unnest($1::timestamptz[], $2::text[], $3::int2[], $4::text[]) with ordinality as q(at, unit, hour, tz, place)
  ), candidate as materialized (
    select question.*, day, day + make_interval(hours => hour) as wall
      from question, unnest(array[-2, -1, 0, 1]) as shift, lateral (select (at at time zone tz)::date + shift as day) as days
  ), fx_day as materialized (
    select distinct on (place) place, at, unit, tz, hour, name_shift, day, starts as day_starts
      from (${startsOf("candidate")}) as started
     where starts <= at
     order by place, day desc
  ), first_day as materialized (
    select fx_day.*, day + name_shift as name,
           date_trunc(case unit when '1w' then 'week' when '1M' then 'month' when '3M' then 'quarter' else 'year' end, day + name_shift)::date - name_shift
             + make_interval(hours => hour) as wall
      from fx_day
  )
  select name::text as name,
         case when unit = '45m' or unit ~ 'h$' and unit <> '1h'
              then date_bin(replace(replace(unit, 'm', ' min'), 'h', ' h')::interval, at, day_starts)
              when unit ~ '[smh]$'
              then date_bin(replace(replace(replace(unit, 's', ' s'), 'm', ' min'), 'h', ' h')::interval, at,
                            timestamptz '1970-01-01 00:00+00')
              when unit = '1d' then day_starts
              else starts
         end as bucket
    from (${startsOf("first_day")}) as started
   order by place`;

async function answers(questions: readonly Question[]): Promise<{ bucket: number; name: string }[]> {
  const column = <K extends keyof Question>(name: K) => questions.map((question) => question[name]);
  return sql.unsafe(STATEMENT, [column("us"), column("interval"), column("hour"), column("timezone")], {
    prepare: true,
  });
}

/** Zones whose clocks do what no others do, and some of all the rest. */
const PECULIAR = [
  "America/New_York",
  "Europe/London",
  "Europe/Dublin",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Asia/Beirut",
  "Asia/Gaza",
  "Africa/Casablanca",
  "Africa/Cairo",
  "America/St_Johns",
  "America/Sao_Paulo",
  "America/Caracas",
  "Antarctica/Troll",
  "Antarctica/Casey",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "Pacific/Chatham",
  "Pacific/Kwajalein",
  "Pacific/Kiritimati",
  "UTC",
];
const OTHERS = 30;

async function zones(next: () => number): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select name from pg_timezone_names
     where name ~ '^(Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)/' order by name`;
  const known = rows.map(({ name }) => name).filter(isTimezone);
  const others = Array.from({ length: OTHERS }, () => known[Math.floor(next() * known.length)] ?? "UTC");
  return [...PECULIAR, ...others];
}

test("buckets are those of PostgreSQL's own arithmetic, at 100,000 random instants, hours and zones", async () => {
  const next = random(2024);
  const known = await zones(next);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)] as T; // The lists are not empty.
  const questions = Array.from({ length: CASES }, () => ({
    us: FROM_US + Math.floor(next() * (UNTIL_US - FROM_US)),
    interval: pick(INTERVALS),
    timezone: pick(known),
    hour: Math.floor(next() * 24),
  }));
  let right = 0;
  for (let from = 0; from < CASES; from += AT_ONCE) {
    const batch = questions.slice(from, from + AT_ONCE);
    const expected = await answers(batch);
    for (const [i, question] of batch.entries()) {
      const { us, interval, ...boundary } = question;
      const bucket = bucketStart(us, interval, boundary);
      const isSame = bucket === expected[i]?.bucket && fxDayName(us, boundary) === expected[i]?.name;
      if (!isSame)
        expect({ ...question, bucket, name: fxDayName(us, boundary) }).toEqual({ ...question, ...expected[i] });
      // That an end is the next bucket's start is what schemas' own test says of every instant.
      right += bucketStart(bucketEnd(us, interval, boundary), interval, boundary) > us ? 1 : 0;
    }
  }
  expect(right).toBe(CASES);
});
