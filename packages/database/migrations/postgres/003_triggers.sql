-- An insert merges its own minute bars into the stored ones, and the same bars, rolled up, into hours and days. There is no
-- join in it: a plan cached from an insert of one row must serve one of 50,000.
do $do$
declare
  rolled_up text := $sql$
    select symbol, %1$s_start(bucket) as bucket,
           (array_agg(open order by bucket))[1] as open, max(high) as high, min(low) as low,
           (array_agg(close order by bucket desc))[1] as close,
           sum(tick_count)::bigint as tick_count, min(open_key) as open_key, max(close_key) as close_key
      from %2$s
     group by 1, 2 $sql$;
  merged text := $sql$
    insert into ohlc_%1$s as b (symbol, bucket, open, high, low, close, tick_count, open_key, close_key)
    select symbol, bucket, open, high, low, close, tick_count, open_key, close_key from %2$s order by symbol, bucket
    on conflict (symbol, bucket) do update set
      open       = case when excluded.open_key < b.open_key then excluded.open else b.open end,
      high       = greatest(b.high, excluded.high),
      low        = least(b.low, excluded.low),
      close      = case when excluded.close_key > b.close_key then excluded.close else b.close end,
      tick_count = b.tick_count + excluded.tick_count,
      open_key   = least(b.open_key, excluded.open_key),
      close_key  = greatest(b.close_key, excluded.close_key) $sql$;
begin
  execute format($function$
    create function merge_inserted_ticks() returns trigger language plpgsql as $$
    begin
      with sorted_minutes as (
        select symbol, bucket, array_agg(price order by key) as prices, max(price) as high, min(price) as low,
               count(*) as tick_count, min(key) as open_key, max(key) as close_key
          from (select symbol, minute_start(time) as bucket, price, order_key(time, seq) as key from inserted) keyed
         group by symbol, bucket
      ), minutes as materialized (
        select symbol, bucket, prices[1] as open, high, low, prices[tick_count] as close, tick_count, open_key, close_key
          from sorted_minutes
      ), hours as materialized (%s), days as materialized (%s), merged_minutes as (%s), merged_hours as (%s) %s;
      return null;
    end $$ $function$,
    format(rolled_up, 'hour', 'minutes'), format(rolled_up, 'day', 'hours'),
    format(merged, 'minute', 'minutes'), format(merged, 'hour', 'hours'), format(merged, 'day', 'days'));
end
$do$;

-- Recomputes the bars of some minutes from the level below each; a bucket without ticks loses its bar.
create function recompute_bars(touched_symbols text[], touched_minutes timestamptz[]) returns void language plpgsql as $$
begin
  delete from ohlc_minute b using unnest(touched_symbols, touched_minutes) as t(symbol, bucket)
   where b.symbol = t.symbol and b.bucket = t.bucket;
  insert into ohlc_minute
  select k.symbol, t.bucket,
         (array_agg(k.price order by order_key(k.time, k.seq)))[1], max(k.price), min(k.price),
         (array_agg(k.price order by order_key(k.time, k.seq) desc))[1],
         count(*), min(order_key(k.time, k.seq)), max(order_key(k.time, k.seq))
    from unnest(touched_symbols, touched_minutes) as t(symbol, bucket)
    join ticks k on k.symbol = t.symbol and k.time >= t.bucket and k.time < t.bucket + interval '1 minute'
   group by k.symbol, t.bucket;

  delete from ohlc_hour b using unnest(touched_symbols, touched_minutes) as t(symbol, bucket)
   where b.symbol = t.symbol and b.bucket = hour_start(t.bucket);
  insert into ohlc_hour
  select m.symbol, t.bucket, (array_agg(m.open order by m.open_key))[1], max(m.high), min(m.low),
         (array_agg(m.close order by m.close_key desc))[1], sum(m.tick_count), min(m.open_key), max(m.close_key)
    from (select distinct symbol, hour_start(bucket) as bucket
            from unnest(touched_symbols, touched_minutes) as u(symbol, bucket)) t
    join ohlc_minute m on m.symbol = t.symbol and m.bucket >= t.bucket and m.bucket < t.bucket + interval '1 hour'
   group by m.symbol, t.bucket;

  delete from ohlc_day b using unnest(touched_symbols, touched_minutes) as t(symbol, bucket)
   where b.symbol = t.symbol and b.bucket = day_start(t.bucket);
  -- No FX day is longer than 26 hours, so the range bounds the read and day_start() decides.
  insert into ohlc_day
  select h.symbol, t.bucket, (array_agg(h.open order by h.open_key))[1], max(h.high), min(h.low),
         (array_agg(h.close order by h.close_key desc))[1], sum(h.tick_count), min(h.open_key), max(h.close_key)
    from (select distinct symbol, day_start(bucket) as bucket
            from unnest(touched_symbols, touched_minutes) as u(symbol, bucket)) t
    join ohlc_hour h on h.symbol = t.symbol and h.bucket >= t.bucket and h.bucket < t.bucket + interval '26 hours'
                    and day_start(h.bucket) = t.bucket
   group by h.symbol, t.bucket;
end $$;

-- Retention deletes raw ticks and keeps their bars: its transactions set fx.keep_bars.
create function recompute_deleted_ticks() returns trigger language plpgsql as $$
declare
  touched record;
begin
  if current_setting('fx.keep_bars', true) = 'on' then return null; end if;
  select array_agg(symbol) as symbols, array_agg(bucket) as minutes into touched
    from (select distinct symbol, minute_start(time) as bucket from deleted) t;
  if touched.symbols is not null then perform recompute_bars(touched.symbols, touched.minutes); end if;
  return null;
end $$;

create function recompute_updated_ticks() returns trigger language plpgsql as $$
declare
  touched record;
begin
  select array_agg(symbol) as symbols, array_agg(bucket) as minutes into touched
    from (select symbol, minute_start(time) as bucket from deleted
          union
          select symbol, minute_start(time) from inserted) t;
  if touched.symbols is not null then perform recompute_bars(touched.symbols, touched.minutes); end if;
  return null;
end $$;

create trigger ticks_inserted after insert on ticks
  referencing new table as inserted for each statement execute function merge_inserted_ticks();
create trigger ticks_deleted after delete on ticks
  referencing old table as deleted for each statement execute function recompute_deleted_ticks();
create trigger ticks_updated after update on ticks
  referencing old table as deleted new table as inserted for each statement execute function recompute_updated_ticks();
