-- What lasts: which ticks are whole, who looks after them, and which database this is.

-- The database's clock as every rule reads it: the horizon and lateness.
create function fx_now()   returns timestamptz language sql stable   parallel safe return now();
create function fx_clock() returns timestamptz language sql volatile parallel safe return clock_timestamp();

-- One row. Ticks before dropped_before are there for nobody: writers refuse them and readers do not see them. It moves before
-- anything is dropped, and never back. Ticks from whole_from on are all there; it follows when every transaction that knew the
-- earlier mark has ended, and what lies before it is deleted from then on. 1970 is before every tick.
create table retention_mark (
  only_row       boolean     primary key default true check (only_row),
  dropped_before timestamptz not null check (dropped_before >= '1970-01-01 00:00:00+00'),
  whole_from     timestamptz not null check (whole_from <= dropped_before)
);

insert into retention_mark values (default, '1970-01-01 00:00:00+00', '1970-01-01 00:00:00+00');

-- Bars are never behind their ticks here.
create function materialised_to() returns timestamptz language sql immutable return timestamptz '1970-01-01 00:00:00+00';

-- One row: which process deletes expired ticks.
create table maintenance (
  only_row     boolean primary key default true check (only_row),
  holder       text    not null default '',
  -- Grows as long as the holder is well: followers watch it by clocks of their own.
  renewals     bigint  not null default 0,
  -- When it last grew: what a database that was put back can say of the moment it was put back to.
  renewed_at   timestamptz,
  -- Why ticks are not dropped until somebody has confirmed the clock.
  held_because text
);
insert into maintenance default values;

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

-- Retention deletes raw ticks and keeps their bars: its transactions set fx.keep_bars. The first version's did so without
-- having moved the mark, so here it follows them.
create or replace function recompute_deleted_ticks() returns trigger language plpgsql as $$
declare
  touched record;
begin
  if current_setting('fx.keep_bars', true) = 'on' then
    update retention_mark
       set dropped_before = greatest(dropped_before, gone.before),
           whole_from     = gone.before
      from (select minute_start(max(time)) + interval '1 minute' as before from deleted) gone
     where gone.before > whole_from;
    return null;
  end if;
  select array_agg(symbol) as symbols, array_agg(bucket) as minutes, min(bucket) as first into touched
    from (select distinct symbol, minute_start(time) as bucket from deleted) t;
  if touched.symbols is not null then
    perform refuse_dropped(touched.first);
    perform recompute_bars(touched.symbols, touched.minutes);
  end if;
  return null;
end $$;

create or replace function recompute_updated_ticks() returns trigger language plpgsql as $$
declare
  touched record;
begin
  select array_agg(symbol) as symbols, array_agg(bucket) as minutes, min(bucket) as first into touched
    from (select symbol, minute_start(time) as bucket from deleted
          union
          select symbol, minute_start(time) from inserted) t;
  if touched.symbols is not null then
    perform refuse_dropped(touched.first);
    perform recompute_bars(touched.symbols, touched.minutes);
  end if;
  return null;
end $$;

-- step
-- It waits until every transaction has ended that wrote ticks before: from here on each sweep of the first version moves the mark.
create trigger ticks_inserted_whole after insert on ticks
  referencing new table as inserted for each statement execute function refuse_dropped_inserts();

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
-- Which database this is, for whatever is kept outside of it. A database of the first version has its retention recorded, and
-- the streams that its services use are named without its id.
insert into settings (key, value)
select 'database_id', id from (select left(md5(gen_random_uuid()::text), 16) as id) made
union all select 'incarnation', left(md5(gen_random_uuid()::text), 8)
union all select 'incarnation_facts', '';
insert into settings (key, value)
select 'stream_namespace', case when exists (select 1 from settings where key = 'retention_days') then '' else value end
  from settings where key = 'database_id';
insert into settings (key, value) select 'keep_ticks_days', value from settings where key = 'retention_days';

-- First-version services delete by this setting, without the mark; from now on nobody does.
update settings set value = '0' where key = 'retention_days';
