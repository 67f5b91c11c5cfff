
-- step
-- The triggers of migration 011 draw versions of closed bars; the same look at late ticks notes them, an hour of a symbol a row.
create or replace function refuse_dropped_inserts() returns trigger language plpgsql as $$
declare
  seen    record;
  touched record;
begin
  select (select min(time) from inserted) as first_time, dropped_before,
         case current_setting('transaction_isolation') when 'read committed' then closing_minute else 'infinity' end as closed_to,
         case when coalesce(current_setting('fx.late_noted', true), '') = '' then late_before() else '-infinity' end as late_before
    into seen from retention_mark, bar_mark;
  if seen.first_time < seen.dropped_before then perform refuse_dropped(seen.first_time); end if;
  if seen.first_time < greatest(seen.closed_to, seen.late_before) then
    with hours as materialized (
      select symbol, hour_start(time) as hour, min(time) as first_time, minute_start(max(time)) as last_minute, count(*) as ticks
        from inserted where time < greatest(seen.closed_to, seen.late_before)
       group by 1, 2
    ), late as (
      insert into revisions (change, kind, symbol, from_time, to_time, ticks)
      select tick_change(), 'late', symbol, minute_start(first_time), last_minute + interval '1 minute', ticks
        from hours where first_time < seen.late_before
    )
    select array_agg(symbol) as symbols, array_agg(hour) as hours into touched from hours where first_time < seen.closed_to;
    if touched.symbols is not null then perform draw_bar_versions(touched.symbols, touched.hours); end if;
  end if;
  return null;
end $$;

-- step
alter table ticks alter column recorded_at set default now();

-- step
insert into settings (key, value)
select 'known_since', (floor(extract(epoch from clock_timestamp()) * 1e6) + 1)::bigint::text;
