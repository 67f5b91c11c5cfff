
-- step
-- Late ticks wait for a refresh. Services of the build before say no more of them than that: an hour of a symbol a row is noted.
create function note_late_windows() returns trigger language plpgsql set search_path from current as $$
declare
  before timestamptz := late_before();
begin
  if coalesce(current_setting('fx.late_noted', true), '') <> '' then return null; end if;
  insert into revisions (change, kind, symbol, from_time, to_time)
  select tick_change(), 'late', symbol, min(greatest(from_time, hour)), max(least(to_time, hour + interval '1 hour', before))
    from queued, generate_series(date_trunc('hour', from_time), least(to_time, before) - interval '1 microsecond',
                                 interval '1 hour') as hour
   where reason = 'late' and from_time < before
   group by symbol, hour;
  return null;
end $$;

create trigger refresh_queue_late after insert on refresh_queue
  referencing new table as queued for each statement execute function note_late_windows();

-- step
alter table ticks alter column recorded_at set default now();

-- step
insert into settings (key, value)
select 'known_since', (floor(extract(epoch from clock_timestamp()) * 1e6) + 1)::bigint::text;
