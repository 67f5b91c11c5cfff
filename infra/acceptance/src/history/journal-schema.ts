import type postgres from "postgres";
import { barsQuery, STATE_LEVELS } from "./bar-state.js";

/** Any number that nobody else locks. Whoever has written down a state holds it until everybody can see that state. */
export const COMMIT_LOCK = 5_064_299;

/**
 * Whoever changes a bar, or a tick that a bar is computed from when it is read, notes the symbol. At his commit, as the last thing
 * before it, one lock is taken, and under it the bars of these symbols are written down as plain SQL shows them to him: all that
 * was committed before, and his own changes. The lock is given back after the commit is visible, so the numbers of the states are
 * in the order in which everybody else came to see them. Nobody is held up for longer than it takes to write a state down.
 */
const SCHEMA = `
  create schema journal;
  create table journal.touched (
    xid    xid8 not null default pg_current_xact_id(),
    symbol text not null,
    primary key (xid, symbol)
  );
  create table journal.states (
    number bigint generated always as identity primary key,
    xid    xid8 not null default pg_current_xact_id(),
    symbol text not null,
    minute text not null,
    hour   text not null,
    day    text not null
  );

  create function journal.touch() returns trigger language plpgsql as $$
  begin
    insert into journal.touched (symbol) values (case when tg_op = 'DELETE' then old.symbol else new.symbol end)
        on conflict do nothing;
    return null;
  end $$;

  create function journal.bars_of(level text, of_symbol text) returns text language plpgsql set search_path = public as $$
  declare
    bars text;
  begin
    -- Planned anew each time: the planner takes a watermark for a constant.
    execute replace($sql$${barsQuery("LEVEL")}$sql$, 'LEVEL', level) into bars using of_symbol;
    return bars;
  end $$;

  create function journal.write_state() returns trigger language plpgsql as $$
  begin
    if current_setting('transaction_isolation') <> 'read committed' then
      raise exception 'bars were changed under % isolation: their state is not what others see', current_setting('transaction_isolation');
    end if;
    perform pg_advisory_xact_lock(${COMMIT_LOCK});
    insert into journal.states (symbol, minute, hour, day)
    values (new.symbol, journal.bars_of('minute', new.symbol), journal.bars_of('hour', new.symbol), journal.bars_of('day', new.symbol));
    return null;
  end $$;

  create constraint trigger written_down after insert on journal.touched
    deferrable initially deferred for each row execute function journal.write_state();`;

/** Where what is seen as bars is stored. */
async function sourcesOfBars(sql: postgres.Sql, engine: "timescaledb" | "postgres"): Promise<string[]> {
  const levels = ["ohlc", "quote"].flatMap((family) => STATE_LEVELS.map((level) => `${family}_${level}`));
  if (engine === "postgres") return levels;
  const stored = await sql<{ name: string }[]>`
    select materialization_hypertable_schema || '.' || materialization_hypertable_name as name
      from timescaledb_information.continuous_aggregates
     where view_name = any(${levels})`;
  return ["ticks", ...stored.map(({ name }) => name)];
}

/** Makes a migrated database write down every state of its bars. */
export async function keepJournal(sql: postgres.Sql, engine: "timescaledb" | "postgres"): Promise<void> {
  await sql.unsafe(SCHEMA);
  for (const table of await sourcesOfBars(sql, engine)) {
    // By its name it is the last of a row's triggers.
    await sql.unsafe(
      `create trigger zz_journal after insert or update or delete on ${table} for each row execute function journal.touch()`,
    );
  }
}
