-- Bars are never behind their ticks here.
create function materialised_to() returns timestamptz language sql immutable return timestamptz '1970-01-01 00:00:00+00';

-- A tick before the mark may have been counted already: it is refused, whoever writes it.
create function refuse_dropped(first_time timestamptz) returns void language plpgsql as $$
declare
  mark timestamptz := (select dropped_before from retention_mark);
begin
  if first_time < mark then
    raise exception 'raw ticks before % are not kept any more, and their bars do not change', mark
      using errcode = 'FXRET', hint = 'older_than_retention';
  end if;
end $$;

create function refuse_dropped_inserts() returns trigger language plpgsql as $$
begin
  perform refuse_dropped((select min(time) from inserted));
  return null;
end $$;

-- Bars of minutes before the mark do not change: whatever recomputes some asks first.
alter function recompute_bars(text[], timestamptz[]) rename to recompute_whole_bars;
create function recompute_bars(touched_symbols text[], touched_minutes timestamptz[]) returns void language plpgsql as $$
begin
  perform refuse_dropped((select min(bucket) from unnest(touched_minutes) as bucket));
  perform recompute_whole_bars(touched_symbols, touched_minutes);
end $$;

-- Retention deletes raw ticks and keeps their bars: its transactions set fx.keep_bars. The first version's do so without having
-- moved the mark, so it follows them.
create function follow_deletes() returns trigger language plpgsql as $$
begin
  update retention_mark
     set dropped_before = greatest(dropped_before, gone.before),
         whole_from     = gone.before
    from (select minute_start(max(time)) + interval '1 minute' as before from deleted) gone
   where gone.before > whole_from;
  return null;
end $$;

-- step
create trigger ticks_inserted_whole after insert on ticks
  referencing new table as inserted for each statement execute function refuse_dropped_inserts();

-- step
-- It waits until every transaction has ended that deleted ticks before: from here on each sweep of the first version moves the mark.
create trigger ticks_deleted_whole after delete on ticks
  referencing old table as deleted for each statement
  when (current_setting('fx.keep_bars', true) = 'on') execute function follow_deletes();

-- step
-- Where the first version deleted ticks, the first minute of some symbol that has any lacks some, or bars come before it: then all
-- minutes are held against their ticks. What comes after the newest one that lacks some is whole. (Offset 0: looked for once.)
with first_minutes as (
  select known.symbol, (select minute_start(min(time)) from ticks where ticks.symbol = known.symbol) as bucket
    from (select distinct symbol from ohlc_day) known
), cut as (
  select exists (
    select 1 from first_minutes f
     where f.bucket is null
        or exists (select 1 from ohlc_minute b where b.symbol = f.symbol and b.bucket < f.bucket)
        or (select tick_count from ohlc_minute b where b.symbol = f.symbol and b.bucket = f.bucket)
           <> (select count(*) from ticks t
                where t.symbol = f.symbol and t.time >= f.bucket and t.time < f.bucket + interval '1 minute')) as is_cut
)
update retention_mark
   set dropped_before = greatest(dropped_before, found),
       whole_from     = greatest(whole_from, found)
  from (select case when is_cut then (
                 select max(bars.bucket) + interval '1 minute'
                   from ohlc_minute bars
                   left join (select symbol, minute_start(time) as bucket, count(*) as ticks from ticks group by 1, 2) stored
                     on stored.symbol = bars.symbol and stored.bucket = bars.bucket
                  where bars.tick_count <> coalesce(stored.ticks, 0)) end as found
          from cut
        offset 0) marks;

-- step
-- First-version services delete by this setting, without the mark; from now on nobody does.
update settings set value = '0' where key = 'retention_days';
