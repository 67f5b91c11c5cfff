
create function bar_chunks_now() returns integer[] language sql immutable return '{}'::integer[];

-- Draws the versions of all bars that some instants are in. No hour or day is closed before the minutes in it are.
create function draw_bar_versions(touched_symbols text[], touched_instants timestamptz[]) returns void language plpgsql as $$
declare
  drawn bigint := new_version();
begin
  with hours as materialized (
    select distinct symbol, hour_start(instant) as hour from unnest(touched_symbols, touched_instants) as t(symbol, instant)
  ), midnights as (
    select symbol, date_bin('1 day', hour, timestamptz '2000-01-01 00:00:00+00') as midnight from hours
    union
    select symbol, date_bin('1 day', day_start(hour), timestamptz '2000-01-01 00:00:00+00') from hours
  )
  insert into bar_versions (symbol, day, version)
  select symbol, (midnight at time zone 'UTC')::date as day, drawn
    from midnights
   order by symbol, day
      on conflict (symbol, day) do update set version = excluded.version;
end $$;

-- Looks at the earliest of the ticks that are inserted: is it dropped, are the bars of some closed, or being closed? The transaction
-- has its id by then: whoever closes bars waits for all ids that were given out before. One that sees what was there when it began
-- may not see what is being closed, and every bar may be.
create or replace function refuse_dropped_inserts() returns trigger language plpgsql as $$
declare
  seen    record;
  touched record;
begin
  select (select min(time) from inserted) as first_time, dropped_before,
         case current_setting('transaction_isolation') when 'read committed' then closing_minute else 'infinity' end as closed_to
    into seen from retention_mark, bar_mark;
  if seen.first_time < seen.dropped_before then perform refuse_dropped(seen.first_time); end if;
  if seen.first_time < seen.closed_to then
    select array_agg(symbol) as symbols, array_agg(hour) as hours into touched
      from (select distinct symbol, hour_start(time) as hour from inserted where time < seen.closed_to) hours;
    perform draw_bar_versions(touched.symbols, touched.hours);
  end if;
  return null;
end $$;

-- The same of minutes whose ticks have changed otherwise.
create or replace function recompute_bars(touched_symbols text[], touched_minutes timestamptz[]) returns void language plpgsql as $$
declare
  first_minute timestamptz := (select min(bucket) from unnest(touched_minutes) as bucket);
  closed_to    timestamptz;
begin
  perform pg_current_xact_id(), refuse_dropped(first_minute);
  closed_to := (select case current_setting('transaction_isolation') when 'read committed' then closing_minute else 'infinity' end
                  from bar_mark);
  if first_minute < closed_to then perform draw_bar_versions(touched_symbols, touched_minutes); end if;
  perform recompute_whole_bars(touched_symbols, touched_minutes);
end $$;

-- step
-- What the triggers of ticks do to bars is drawn there: who changes bars without them does so by hand.
-- Each waits until every transaction has ended that may have changed bars without drawing.
create trigger bars_changed_by_hand before insert or update or delete or truncate on ohlc_minute
  for each statement when (pg_trigger_depth() = 0) execute function forget_closed_bars();

-- step
create trigger bars_changed_by_hand before insert or update or delete or truncate on ohlc_hour
  for each statement when (pg_trigger_depth() = 0) execute function forget_closed_bars();

-- step
create trigger bars_changed_by_hand before insert or update or delete or truncate on ohlc_day
  for each statement when (pg_trigger_depth() = 0) execute function forget_closed_bars();
