-- step
-- TimescaleDB stores a compressed column of a domain as the values there are in each 1,000 rows and their places, where one of
-- doubles keeps what each differs by from the one before: of prices with some hundred values in an hour that is 1.6 bytes each, not
-- 4.5. (Of 1,000 that all differ, in nine decimals, it is 9 and not 7.)
create domain quote_side as double precision;

-- Null, both, of a tick that is a single price. Each has a step of its own: with 2,000 chunks one takes a second, for which
-- everybody waits.
alter table ticks add column bid quote_side;

-- step
alter table ticks add column ask quote_side;

-- step
-- No stored tick has a side, so nothing has to be looked at.
alter table ticks add constraint ticks_sides check (
  (bid is null) = (ask is null) and bid > 0 and bid < 'Infinity' and ask > 0 and ask < 'Infinity'
) not valid;

-- step
-- Bars of quotes, a family beside those of prices: real-time aggregates that are stacked as those are, on the same origins. Nobody
-- who has prices alone pays for them, and no stored bar is made anew.
do $bars$
declare
  boundary_hour int  := (select value from settings where key = 'day_start_hour');
  boundary_zone text := (select value from settings where key = 'day_timezone');
  origin        text := format('timestamptz %L', format('2000-01-01 %s:00:00 %s', boundary_hour, boundary_zone));
  zone          text := case when boundary_zone = 'UTC' then '' else format('%L, ', boundary_zone) end;
  order_key     text := '(date_part(''epoch'', time - timestamptz ''2000-01-01 00:00:00+00'') * 1e6)::bigint * 1024 + seq';
  level         record;
begin
  execute format($sql$
    create materialized view quote_minute
      with (timescaledb.continuous, timescaledb.materialized_only = false) as
    select symbol,
           time_bucket('1 minute', time, origin => %1$s) as bucket,
           first(bid::float8, %2$s) as bid_open,
           max(bid::float8)         as bid_high,
           min(bid::float8)         as bid_low,
           last(bid::float8, %2$s)  as bid_close,
           first(ask::float8, %2$s) as ask_open,
           max(ask::float8)         as ask_high,
           min(ask::float8)         as ask_low,
           last(ask::float8, %2$s)  as ask_close,
           least(min(quote_points(bid, ask)) / 1e6::float8, min(quote_decimals(bid, ask))::float8)    as spread_min,
           greatest(max(quote_points(bid, ask)) / 1e6::float8, max(quote_decimals(bid, ask))::float8) as spread_max,
           coalesce(sum(quote_points(bid, ask)) * 0.000001, 0) + coalesce(sum(quote_decimals(bid, ask)), 0) as spread_sum,
           count(*) as quote_count
      from ticks
     where bid is not null
     group by 1, 2
      with no data $sql$, origin, order_key);

  for level in select * from (values ('hour', 'minute', ''), ('day', 'hour', zone)) levels(name, below, zone) loop
    execute format($sql$
      create materialized view quote_%1$s
        with (timescaledb.continuous, timescaledb.materialized_only = false) as
      select symbol,
             time_bucket('1 %1$s', bucket, %3$s origin => %4$s) as bucket,
             first(bid_open, bucket)  as bid_open,
             max(bid_high)            as bid_high,
             min(bid_low)             as bid_low,
             last(bid_close, bucket)  as bid_close,
             first(ask_open, bucket)  as ask_open,
             max(ask_high)            as ask_high,
             min(ask_low)             as ask_low,
             last(ask_close, bucket)  as ask_close,
             min(spread_min)          as spread_min,
             max(spread_max)          as spread_max,
             sum(spread_sum)          as spread_sum,
             sum(quote_count)::bigint as quote_count
        from quote_%2$s
       group by 1, 2
        with no data $sql$, level.name, level.below, level.zone, origin);
  end loop;
end
$bars$;

-- step
create function bars_since(family text) returns timestamptz language sql stable as $$
  select case family when 'quote' then (select to_timestamp(value::bigint) from settings where key = 'quotes_since')
                     else timestamptz '1970-01-01 00:00:00+00' end
$$;

-- The watermark of a level of a family: bars that start before it are read from where they are stored, the others from what is below.
create function bars_stored_to(stored_interval text, family text) returns timestamptz language plpgsql stable as $$
begin
  return greatest(timestamptz '1969-12-30 00:00:00+00', (
    select _timescaledb_functions.to_timestamp(mark.watermark)
      from _timescaledb_catalog.continuous_agg bars
      join _timescaledb_catalog.continuous_aggs_watermark mark using (mat_hypertable_id)
     where bars.user_view_schema = current_schema() and bars.user_view_name = family || '_' || stored_interval));
end $$;

-- No quote is older than this migration, so those of an earlier time are late when they are stored, and their bars are made then.
-- What lies before needs no refresh, whose cost grows with the square of the chunks. (It is the start of a day, and so of a bucket
-- of each level, and some days earlier, for clocks differ. From where bars of prices are not stored, those of quotes are refreshed
-- as they are: a bar would count late quotes, and have no sides until their turn came. In a new database that is everything.)
insert into settings (key, value)
select 'quotes_since', extract(epoch from greatest(timestamptz '1970-01-01 00:00:00+00',
         time_bucket('1 day', least(fx_clock() - interval '2 days', bars_stored_to('minute', 'ohlc'),
                                    bars_stored_to('hour', 'ohlc'), bars_stored_to('day', 'ohlc')), zone.value,
                     origin => format('2000-01-01 %s:00:00 %s', hour.value, zone.value)::timestamptz)))::bigint::text
  from settings hour, settings zone
 where hour.key = 'day_start_hour' and zone.key = 'day_timezone';

-- Up to where a level of a family is materialised, or any of them. (Services of the build before ask for prices, without a family.)
create function materialised_to(stored_interval text, family text) returns timestamptz language plpgsql stable as $$
begin
  return greatest(bars_since(family), bars_stored_to(stored_interval, family));
end $$;

create or replace function materialised_to() returns timestamptz language plpgsql stable as $$
begin
  return greatest(timestamptz '1970-01-01 00:00:00+00', (
    select _timescaledb_functions.to_timestamp(max(mark.watermark))
      from _timescaledb_catalog.continuous_agg bars
      join _timescaledb_catalog.continuous_aggs_watermark mark using (mat_hypertable_id)
     where bars.user_view_schema = current_schema()
       and bars.user_view_name in ('ohlc_minute', 'ohlc_hour', 'ohlc_day', 'quote_minute', 'quote_hour', 'quote_day')));
end $$;

-- As it was, of a family.
create procedure refresh_bars(stored_interval text, from_time timestamptz, to_time timestamptz, recompute boolean, family text)
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
  if family is null or family not in ('ohlc', 'quote') then
    raise exception 'refresh_bars() takes bars of ohlc or quote, not %', coalesce(quote_literal(family), 'null')
      using errcode = 'invalid_parameter_value';
  end if;
  -- Within a transaction it ends here, before it holds a lock that nobody would give back.
  commit;
  perform pg_advisory_lock_shared(5064224);
  watermark := materialised_to(stored_interval, family);
  -- What a level below has not materialised is in no bar above, so it is never behind one that is made of it.
  newest := greatest(watermark,
    case stored_interval when 'minute' then greatest(materialised_to('hour', family), materialised_to('day', family))
                         when 'hour'   then materialised_to('day', family) end,
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
    call refresh_continuous_aggregate(format('%s_%s', family, stored_interval)::regclass, from_time, to_time,
                                      force => recompute, options => '{"buckets_per_batch": 0}');
  end if;
  perform pg_advisory_unlock_shared(5064224);
end $$;

-- All families in use, for services of the build before and whoever calls it by hand.
create or replace procedure refresh_bars(stored_interval text, from_time timestamptz, to_time timestamptz,
                                         recompute boolean default false)
  language plpgsql as $$
begin
  call refresh_bars(stored_interval, from_time, to_time, recompute, 'ohlc');
  if exists (select from symbols where quotes) then
    call refresh_bars(stored_interval, from_time, to_time, recompute, 'quote');
  end if;
end $$;

-- step
-- Where no quote comes while prices do, nothing is materialised of quotes and their watermark stays, though nothing lies behind
-- it. This takes it along to where that of prices was before bars of quotes were refreshed: TimescaleDB moves it to the end of the
-- newest stored bar whenever a refresh has changed some, so two bars of no symbol are stored, and the first of them is refreshed.
-- Neither is closed when that is done, so no version is drawn.
create procedure take_quotes_along(stored_interval text, to_time timestamptz) language plpgsql as $$
declare
  zone     text := case stored_interval when 'day' then (select value from settings where key = 'day_timezone') else 'UTC' end;
  bucket   interval := format('1 %s', stored_interval);
  newest   timestamptz := (to_time at time zone zone - bucket) at time zone zone;
  previous timestamptz := (to_time at time zone zone - 2 * bucket) at time zone zone;
  bars     text := (
    select format('%I.%I', stored.schema_name, stored.table_name)
      from _timescaledb_catalog.continuous_agg bars
      join _timescaledb_catalog.hypertable stored on stored.id = bars.mat_hypertable_id
     where bars.user_view_schema = current_schema() and bars.user_view_name = 'quote_' || stored_interval);
begin
  if previous < bars_stored_to(stored_interval, 'quote') then return; end if;
  commit;
  perform pg_advisory_lock_shared(5064224);
  execute format('insert into %s (symbol, bucket) values ('''', $1), ('''', $2)', bars) using previous, newest;
  commit;
  call refresh_continuous_aggregate(format('quote_%s', stored_interval)::regclass, previous, newest,
                                    force => true, options => '{"buckets_per_batch": 0}');
  execute format('delete from %s where symbol = ''''', bars);
  perform pg_advisory_unlock_shared(5064224);
end $$;

-- step
-- How far bars of a level can be closed: those of every family in use are stored up to there.
create function closable_to(stored_interval text) returns timestamptz language plpgsql stable as $$
begin
  return least(bars_stored_to(stored_interval, 'ohlc'),
               case when exists (select from symbols where quotes) then bars_stored_to(stored_interval, 'quote') end);
end $$;

-- Whoever closes bars, of the build before too, closes none of quotes that is not stored.
create function close_stored_bars() returns trigger language plpgsql as $$
begin
  new.closing_minute := least(new.closing_minute, greatest(old.closing_minute, closable_to('minute')));
  new.closing_hour   := least(new.closing_hour,   greatest(old.closing_hour,   closable_to('hour')));
  new.closing_day    := least(new.closing_day,    greatest(old.closing_day,    closable_to('day')));
  return new;
end $$;
create trigger bar_mark_stored before update on bar_mark for each row
  when (new.closing_minute > old.closing_minute or new.closing_hour > old.closing_hour or new.closing_day > old.closing_day)
  execute function close_stored_bars();

create or replace function bar_chunks_now() returns integer[] language plpgsql stable as $$
begin
  return array(select chunk.id
                 from _timescaledb_catalog.continuous_agg bars
                 join _timescaledb_catalog.chunk on chunk.hypertable_id = bars.mat_hypertable_id
                where bars.user_view_schema = current_schema()
                  and bars.user_view_name in ('ohlc_minute', 'ohlc_hour', 'ohlc_day', 'quote_minute', 'quote_hour', 'quote_day'));
end $$;

-- step
-- Until there is a quote nothing of theirs is stored, and what is read is made of ticks that may be closed already: with the
-- first one, in its transaction, nothing is closed any more.
create function forget_bars_without_quotes() returns trigger language plpgsql as $$
declare
  path text := current_setting('search_path');
begin
  perform set_config('search_path', quote_ident(tg_table_schema), true);
  if not exists (select from symbols where quotes) then perform begin_another_history(); end if;
  perform set_config('search_path', path, true);
  return new;
end $$;
create trigger symbols_first_quote before insert on symbols for each row
  when (new.quotes) execute function forget_bars_without_quotes();
create trigger symbols_first_quote_heard before update of quotes on symbols for each row
  when (new.quotes and not old.quotes) execute function forget_bars_without_quotes();

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
     where bars.user_view_schema = current_schema() and bars.user_view_name = 'quote_minute');
end
$kept$;

-- step
-- Bars of quotes draw versions as those of prices do (migration 011): nobody has changed one before.
create function version_quotes(interval_of_bars text) returns void language plpgsql as $function$
declare
  bars text := (
    select format('%I.%I', stored.schema_name, stored.table_name)
      from _timescaledb_catalog.continuous_agg bars
      join _timescaledb_catalog.hypertable stored on stored.id = bars.mat_hypertable_id
     where bars.user_view_schema = current_schema() and bars.user_view_name = 'quote_' || interval_of_bars);
  is_concerned text := $sql$
    date_part('epoch', %1$s.bucket)
      < coalesce(nullif(current_setting('fx.closing_%2$s', true), ''), 'infinity')::double precision
    or date_part('epoch', %1$s.bucket) >= nullif(current_setting('fx.unsettled_to', true), '')::double precision $sql$;
begin
  execute format('create trigger bars_version before insert or update on %s
                    for each row when (%s) execute function draw_bar_version(%L, %L)',
                 bars, format(is_concerned, 'new', interval_of_bars), interval_of_bars, 'new');
  execute format('create trigger bars_version_before before delete or update of symbol, bucket on %s
                    for each row when (%s) execute function draw_bar_version(%L, %L)',
                 bars, format(is_concerned, 'old', interval_of_bars), interval_of_bars, 'old');
  execute format('create trigger bars_emptied after truncate on %s
                    for each statement execute function forget_closed_bars()', bars);
end $function$;

select version_quotes('minute'), version_quotes('hour'), version_quotes('day');

drop function version_quotes(text);
