
-- step
-- The look at the ticks that are inserted (migration 014) draws versions of archived days, too.
create or replace function refuse_dropped_inserts() returns trigger language plpgsql as $$
declare
  seen    record;
  touched record;
begin
  select (select min(time) from inserted) as first_time, dropped_before,
         case current_setting('transaction_isolation') when 'read committed' then closing_minute else 'infinity' end as closed_to,
         case when coalesce(current_setting('fx.late_noted', true), '') = '' then late_before() else '-infinity' end as late_before,
         archive_ended_before() as ended_before
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
  if seen.first_time < seen.ended_before then
    perform draw_archive_versions(array_agg(symbol), array_agg((hour at time zone 'UTC')::date))
       from (select distinct symbol, hour_start(time) as hour from inserted where time < seen.ended_before) hours;
  end if;
  return null;
end $$;
