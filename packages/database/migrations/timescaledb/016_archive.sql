
-- step
-- Ticks that are stored where they draw a version, by those who do not draw for theirs (a hand, services of the build before). Only
-- what is minutes old calls it: a day counts as ended a quarter of an hour after it has. (It is after each row: with a transition
-- table what is copied would be hidden from the bars.)
create function version_day_of_tick() returns trigger language plpgsql set search_path from current as $$
begin
  if new.time < archive_ended_before() then
    perform draw_archive_versions(array[new.symbol], array[(new.time at time zone 'UTC')::date]);
  end if;
  return null;
end $$;

create trigger ticks_inserted_archived after insert on ticks for each row
  when (new.time < fx_now() - interval '5 minutes' and current_setting('fx.archive_noted', true) is distinct from 'on')
  execute function version_day_of_tick();
