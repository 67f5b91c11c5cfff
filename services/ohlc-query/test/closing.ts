import type { Sql } from "@fx-ohlc/database";
import { type Micros, nowUs } from "@fx-ohlc/schemas";

/** A number that no mark and no version has had. */
function random(): string {
  return String(Math.floor(Math.random() * 2 ** 52) + 1);
}

/** Declares the bars that start before an instant closed, as the maintenance worker does when nobody writes them any more. */
export async function closeBars(sql: Sql, toUs: Micros): Promise<void> {
  const mark = random();
  await sql.begin(async (transaction) => {
    await transaction`
      insert into bar_mark (closing_minute, closing_hour, closing_day, mark, minute_to, hour_to, day_to)
      values (${toUs}, ${toUs}, ${toUs}, ${mark}::bigint, ${toUs}, ${toUs}, ${toUs})
      on conflict (only_row) do update
         set closing_minute = excluded.closing_minute, closing_hour = excluded.closing_hour,
             closing_day = excluded.closing_day, mark = excluded.mark, minute_to = excluded.minute_to,
             hour_to = excluded.hour_to, day_to = excluded.day_to`;
    await transaction`insert into bar_marks (mark, made_at) values (${mark}::bigint, ${nowUs()})`;
  });
}

/** Draws the versions of the bars of a symbol around an instant anew; null: nobody may keep them. */
export async function drawVersions(sql: Sql, symbol: string, us: Micros, isKept = true): Promise<void> {
  const version = isKept ? random() : null;
  for (const days of [-1, 0]) {
    const date = new Date(us / 1000 + days * 86_400_000).toISOString().slice(0, 10);
    await sql`
      insert into bar_versions (symbol, span, from_date, version)
      select ${symbol}, span, date_trunc(span, ${date}::text::date)::date, ${version}::bigint
        from unnest(array['day', 'month', 'year']) as span
      on conflict (symbol, span, from_date) do update set version = excluded.version`;
  }
}
