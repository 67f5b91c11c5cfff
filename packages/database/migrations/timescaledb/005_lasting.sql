-- The chunks that were there at the last look: one that is gone and lay behind whole_from was dropped by hand.
create table tick_chunks (
  id        integer     primary key,
  from_time timestamptz not null,
  to_time   timestamptz not null
);

create view tick_chunks_now as
select chunk.id,
       _timescaledb_functions.to_timestamp(slice.range_start) as from_time,
       _timescaledb_functions.to_timestamp(slice.range_end)   as to_time
  from _timescaledb_catalog.chunk
  join _timescaledb_catalog.hypertable       on hypertable.id = chunk.hypertable_id
  join _timescaledb_catalog.chunk_constraint on chunk_constraint.chunk_id = chunk.id
  join _timescaledb_catalog.dimension_slice slice on slice.id = chunk_constraint.dimension_slice_id
 where hypertable.table_name = 'ticks' and hypertable.schema_name = current_schema();

insert into tick_chunks select id, from_time, to_time from tick_chunks_now;

-- The end of the latest chunk that somebody dropped by hand since the last look; null without any. Where a late tick has made
-- one anew, only a chunk that was there at that look stands for its range: merged or split ones do.
create function chunks_gone_to() returns timestamptz language sql stable as $$
  select max(gone.to_time)
    from (select id from tick_chunks except select id from tick_chunks_now) missing
    join tick_chunks gone using (id)
   where not exists (select 1
                       from tick_chunks_now now
                       join tick_chunks known using (id)
                      where now.from_time <= gone.from_time and now.to_time >= gone.to_time)
$$;

-- step
-- Where the first version dropped ticks there are bars outside of all chunks. Ticks are whole from the next chunk on, and after
-- every chunk that has fewer ticks than its minutes say: a late tick made it anew, unless ticks were just deleted there.
-- (Bars are held against all chunks at once, and looked for by a statement that changes nothing: in another TimescaleDB plans
-- every chunk of ticks for each look. Half a million bars and 2,000 chunks took four minutes otherwise, and take four seconds.)
do $gone$
declare
  found timestamptz;
begin
  with chunks as materialized (
    select from_time, to_time from tick_chunks_now
  ), covered as materialized (
    select coalesce(range_agg(tstzrange(from_time, to_time)), '{}') as by_chunks from chunks
  ), newest_bar_without_ticks as (
    select greatest(
             (select max(bucket) from ohlc_minute
               where bucket >= '1970-01-01 00:00:00+00' and not (select by_chunks from covered) @> bucket),
             (select max(bucket) from ohlc_hour
               where bucket >= '1970-01-01 00:00:00+00' and not (select by_chunks from covered) @> bucket)) as bucket
  )
  select case when bucket is not null then greatest(
             (select min(from_time) from chunks where from_time > bucket),
             date_trunc('day', bucket, 'UTC') + interval '1 day',
             (select max(to_time) from chunks
               where (select count(*) from ticks where time >= from_time and time < to_time)
                     < (select sum(tick_count) from ohlc_minute where bucket >= from_time and bucket < to_time)
                 and not exists (select 1 from refresh_queue corrected
                                  where reason = 'correction' and corrected.from_time < chunks.to_time
                                    and corrected.to_time > chunks.from_time))) end
    into found
    from newest_bar_without_ticks;
  update retention_mark set dropped_before = greatest(dropped_before, found), whole_from = greatest(whole_from, found);
end
$gone$;

-- step
-- Up to where a level of bars is materialised, or any of them: ticks before that are seen only once their minutes are refreshed.
-- (Not in SQL, which would be planned anew in every transaction that asks.)
create function materialised_to(stored_interval text) returns timestamptz language plpgsql stable as $$
begin
  return greatest(timestamptz '1970-01-01 00:00:00+00', (
    select _timescaledb_functions.to_timestamp(mark.watermark)
      from _timescaledb_catalog.continuous_agg bars
      join _timescaledb_catalog.continuous_aggs_watermark mark using (mat_hypertable_id)
     where bars.user_view_schema = current_schema() and bars.user_view_name = 'ohlc_' || stored_interval));
end $$;

create function materialised_to() returns timestamptz language plpgsql stable as $$
begin
  return greatest(materialised_to('minute'), materialised_to('hour'), materialised_to('day'));
end $$;

-- Refreshes bars where that is safe, and is the only way in which anything of this system refreshes them. Minutes are made of
-- ticks, so nothing before whole_from, or before a chunk that was dropped by hand since the last look, is touched: there the
-- ticks are gone and the bars are all that is left. Hours and days are made of stored bars. Nothing newer than real-time reads
-- cover is materialised, which would hide ticks to come; and what lies between the watermark and a later range is materialised
-- with it, for nobody would see it below the watermark. A range that is null at one end has none there.
-- The lock keeps ticks from being dropped meanwhile; it is the session's, because a refresh commits in between.
create procedure refresh_bars(stored_interval text, from_time timestamptz, to_time timestamptz, recompute boolean default false)
  language plpgsql as $$
declare
  watermark timestamptz;
  following timestamptz;
  newest    timestamptz;
  oldest    timestamptz;
begin
  if stored_interval is null or stored_interval not in ('minute', 'hour', 'day') then
    raise exception 'refresh_bars() takes minute, hour or day, not %', coalesce(quote_literal(stored_interval), 'null')
      using errcode = 'invalid_parameter_value';
  end if;
  -- Within a transaction it ends here, before it holds a lock that nobody would give back.
  commit;
  perform pg_advisory_lock_shared(5064224);
  watermark := materialised_to(stored_interval);
  -- What a level below has not materialised is in no bar above, so it is never behind one that is made of it.
  newest := greatest(watermark,
    case stored_interval when 'minute' then materialised_to() when 'hour' then materialised_to('day') end,
    fx_now() - case stored_interval when 'minute' then interval '10 minutes'
                                    when 'hour'   then interval '2 hours'
                                    else               interval '2 days' end);
  select case stored_interval when 'minute' then greatest(whole_from, chunks_gone_to()) else '-infinity' end
    into oldest from retention_mark;
  to_time := least(coalesce(to_time, 'infinity'), newest);
  from_time := coalesce(from_time, '-infinity');
  -- Only whole buckets are materialised: without one, nothing of what follows the watermark is asked for.
  following := case stored_interval when 'minute' then watermark + interval '1 minute'
                                    when 'hour'   then watermark + interval '1 hour'
                                    else (select (watermark at time zone value + interval '1 day') at time zone value
                                            from settings where key = 'day_timezone') end;
  to_time := case when to_time < following then least(to_time, watermark) else to_time end;
  from_time := greatest(oldest, case when to_time > watermark then least(from_time, watermark) else from_time end);
  if from_time < to_time then
    call refresh_continuous_aggregate(format('ohlc_%s', stored_interval)::regclass, from_time, to_time,
                                      force => recompute, options => '{"buckets_per_batch": 0}');
  end if;
  perform pg_advisory_unlock_shared(5064224);
end $$;

-- No refresh changes a minute whose ticks are dropped, whoever asks for it: an operator, a policy of TimescaleDB's, or one that
-- was under way when a chunk was dropped by hand, which leaves an invalidation. Where that ends is looked up once a transaction.
-- (TimescaleDB refreshes with a search_path of its own.)
create function keep_bars_of_dropped_ticks() returns trigger language plpgsql as $$
declare
  kept_before text := current_setting('fx.bars_kept_before', true);
  search_path text;
begin
  if coalesce(kept_before, '') = '' then
    search_path := current_setting('search_path');
    perform set_config('search_path', pronamespace::regnamespace::text, true)
       from pg_trigger join pg_proc on pg_proc.oid = tgfoid where tgrelid = tg_relid and tgname = tg_name;
    select set_config('fx.bars_kept_before', greatest(whole_from, chunks_gone_to())::text, true)
      into kept_before from retention_mark;
    perform set_config('search_path', search_path, true);
  end if;
  if old.bucket < kept_before::timestamptz then return null; end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;

-- step
do $kept$
begin
  execute (
    select format($sql$
             create trigger bars_of_dropped_ticks before update or delete on %I.%I for each row
               when (old.bucket < coalesce(nullif(current_setting('fx.bars_kept_before', true), ''), 'infinity')::timestamptz)
               execute function keep_bars_of_dropped_ticks() $sql$, stored.schema_name, stored.table_name)
      from _timescaledb_catalog.continuous_agg bars
      join _timescaledb_catalog.hypertable stored on stored.id = bars.mat_hypertable_id
     where bars.user_view_schema = current_schema() and bars.user_view_name = 'ohlc_minute');
end
$kept$;

-- step
-- First-version services refresh minutes as far back as their setting says, which would erase bars whose ticks are gone: whoever
-- writes it, it never grows again.
create function keep_shortest_retention() returns trigger language plpgsql as $$
begin
  if old.value <> '0' and (new.value = '0' or new.value::int > old.value::int) then new.value := old.value; end if;
  return new;
end $$;

-- step
create trigger settings_shortest_retention before update on settings
  for each row when (old.key = 'retention_days') execute function keep_shortest_retention();

-- step
alter table refresh_queue add column queued_at timestamptz, alter column queued_at set default clock_timestamp();

-- step
-- What the first version has recorded nowhere else than in its policies.
insert into settings (key, value)
select 'compression_after_days',
       coalesce((select extract(epoch from (config ->> 'compress_after')::interval)::int / 86400
                   from timescaledb_information.jobs
                  where proc_name = 'policy_compression' and hypertable_name = 'ticks'), 0)::text
 where exists (select 1 from settings where key = 'retention_days');
insert into settings (key, value)
select 'refresh_' || substr(hypertable_name, 6) || '_interval_s', extract(epoch from schedule_interval)::int::text
  from timescaledb_information.jobs
 where proc_name = 'policy_refresh_continuous_aggregate'
   and hypertable_schema = current_schema() and hypertable_name in ('ohlc_minute', 'ohlc_hour', 'ohlc_day');

-- step
-- Policies of TimescaleDB know nothing of what is whole, and start where they please: bars in between would be lost.
select remove_retention_policy('ticks', if_exists => true);
select remove_continuous_aggregate_policy('ohlc_minute', if_exists => true),
       remove_continuous_aggregate_policy('ohlc_hour', if_exists => true),
       remove_continuous_aggregate_policy('ohlc_day', if_exists => true);
