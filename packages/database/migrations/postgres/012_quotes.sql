-- step
-- Null, both, of a tick that is a single price. Each has a step of its own: with 2,000 chunks one takes a second, for which
-- everybody waits.
alter table ticks add column bid double precision;

-- step
alter table ticks add column ask double precision;

-- step
-- No stored tick has a side, so nothing has to be looked at.
alter table ticks add constraint ticks_sides check (
  (bid is null) = (ask is null) and bid > 0 and bid < 'Infinity' and ask > 0 and ask < 'Infinity'
) not valid;

-- step
-- Bars of quotes, a family beside those of prices and kept as they are. A statement that brings no quote, or takes none away,
-- touches none of this.
create table quote_minute (
  symbol      text collate "C" not null,
  bucket      timestamptz      not null,
  bid_open    double precision not null,
  bid_high    double precision not null,
  bid_low     double precision not null,
  bid_close   double precision not null,
  ask_open    double precision not null,
  ask_high    double precision not null,
  ask_low     double precision not null,
  ask_close   double precision not null,
  spread_min  double precision not null,
  spread_max  double precision not null,
  -- Exact, so that an average is the same in whatever order quotes come.
  spread_sum  numeric          not null,
  quote_count bigint           not null,
  open_key    bigint           not null,
  close_key   bigint           not null,
  primary key (symbol, bucket)
);
create table quote_hour (like quote_minute including all);
create table quote_day  (like quote_minute including all);

-- The bar of some quotes, or of some bars of the level below: what is selected of them, by (symbol, bucket). (Quotes are sorted once,
-- and an aggregate takes them in that order: sorted in each aggregate they cost half as much again.)
do $do$
declare
  columns text := 'symbol, bucket, bid_open, bid_high, bid_low, bid_close, ask_open, ask_high, ask_low, ask_close,
                   spread_min, spread_max, spread_sum, quote_count, open_key, close_key';
  of_quotes text := $sql$
    select symbol, bucket, bids[1] as bid_open, bid_high, bid_low, bids[quote_count] as bid_close,
           asks[1] as ask_open, ask_high, ask_low, asks[quote_count] as ask_close,
           least(points_min / 1e6::float8, decimals_min::float8) as spread_min,
           greatest(points_max / 1e6::float8, decimals_max::float8) as spread_max,
           coalesce(points_sum * 0.000001, 0) + coalesce(decimals_sum, 0) as spread_sum,
           quote_count, open_key, close_key
      from (select symbol, bucket, array_agg(bid) as bids, max(bid) as bid_high, min(bid) as bid_low,
                   array_agg(ask) as asks, max(ask) as ask_high, min(ask) as ask_low,
                   min(points) as points_min, max(points) as points_max, sum(points) as points_sum,
                   min(case when points is null then quote_decimals(bid, ask) end) as decimals_min,
                   max(case when points is null then quote_decimals(bid, ask) end) as decimals_max,
                   sum(case when points is null then quote_decimals(bid, ask) end) as decimals_sum,
                   count(*) as quote_count, min(key) as open_key, max(key) as close_key
              from (select symbol, bucket, bid, ask, order_key(time, seq) as key, quote_points(bid, ask) as points
                      from (%s) quotes
                     order by symbol, bucket, key) keyed
             group by symbol, bucket) sorted $sql$;
  of_bars text := $sql$
    (array_agg(bid_open order by open_key))[1] as bid_open, max(bid_high) as bid_high, min(bid_low) as bid_low,
    (array_agg(bid_close order by close_key desc))[1] as bid_close,
    (array_agg(ask_open order by open_key))[1] as ask_open, max(ask_high) as ask_high, min(ask_low) as ask_low,
    (array_agg(ask_close order by close_key desc))[1] as ask_close,
    min(spread_min) as spread_min, max(spread_max) as spread_max, sum(spread_sum) as spread_sum,
    sum(quote_count)::bigint as quote_count, min(open_key) as open_key, max(close_key) as close_key $sql$;
  rolled_up text := 'select symbol, %1$s_start(bucket) as bucket, ' || of_bars || ' from %2$s group by 1, 2';
  merged text := $sql$
    insert into quote_%1$s as b (%3$s)
    select %3$s from %2$s order by symbol, bucket
    on conflict (symbol, bucket) do update set
      bid_open    = case when excluded.open_key < b.open_key then excluded.bid_open else b.bid_open end,
      bid_high    = greatest(b.bid_high, excluded.bid_high),
      bid_low     = least(b.bid_low, excluded.bid_low),
      bid_close   = case when excluded.close_key > b.close_key then excluded.bid_close else b.bid_close end,
      ask_open    = case when excluded.open_key < b.open_key then excluded.ask_open else b.ask_open end,
      ask_high    = greatest(b.ask_high, excluded.ask_high),
      ask_low     = least(b.ask_low, excluded.ask_low),
      ask_close   = case when excluded.close_key > b.close_key then excluded.ask_close else b.ask_close end,
      spread_min  = least(b.spread_min, excluded.spread_min),
      spread_max  = greatest(b.spread_max, excluded.spread_max),
      spread_sum  = b.spread_sum + excluded.spread_sum,
      quote_count = b.quote_count + excluded.quote_count,
      open_key    = least(b.open_key, excluded.open_key),
      close_key   = greatest(b.close_key, excluded.close_key) $sql$;
begin
  execute format($function$
    create function merge_inserted_quotes() returns trigger language plpgsql as $$
    begin
      if not exists (select from inserted where bid is not null) then return null; end if;
      with minutes as materialized (%s), hours as materialized (%s), days as materialized (%s),
           merged_minutes as (%s), merged_hours as (%s) %s;
      return null;
    end $$ $function$,
    format(of_quotes, 'select symbol, minute_start(time) as bucket, time, seq, bid, ask from inserted where bid is not null'),
    format(rolled_up, 'hour', 'minutes'), format(rolled_up, 'day', 'hours'),
    format(merged, 'minute', 'minutes', columns), format(merged, 'hour', 'hours', columns), format(merged, 'day', 'days', columns));

  -- Recomputes the bars of some minutes from the level below each; a bucket without quotes loses its bar.
  execute format($function$
    create function recompute_quote_bars(touched_symbols text[], touched_minutes timestamptz[]) returns void language plpgsql as $$
    begin
      delete from quote_minute b using unnest(touched_symbols, touched_minutes) as t(symbol, bucket)
       where b.symbol = t.symbol and b.bucket = t.bucket;
      insert into quote_minute (%1$s)
      %2$s;

      delete from quote_hour b using unnest(touched_symbols, touched_minutes) as t(symbol, bucket)
       where b.symbol = t.symbol and b.bucket = hour_start(t.bucket);
      insert into quote_hour (%1$s)
      select m.symbol, t.bucket, %3$s
        from (select distinct symbol, hour_start(bucket) as bucket
                from unnest(touched_symbols, touched_minutes) as u(symbol, bucket)) t
        join quote_minute m on m.symbol = t.symbol and m.bucket >= t.bucket and m.bucket < t.bucket + interval '1 hour'
       group by m.symbol, t.bucket;

      delete from quote_day b using unnest(touched_symbols, touched_minutes) as t(symbol, bucket)
       where b.symbol = t.symbol and b.bucket = day_start(t.bucket);
      -- No FX day is longer than 26 hours, so the range bounds the read and day_start() decides.
      insert into quote_day (%1$s)
      select h.symbol, t.bucket, %3$s
        from (select distinct symbol, day_start(bucket) as bucket
                from unnest(touched_symbols, touched_minutes) as u(symbol, bucket)) t
        join quote_hour h on h.symbol = t.symbol and h.bucket >= t.bucket and h.bucket < t.bucket + interval '26 hours'
                         and day_start(h.bucket) = t.bucket
       group by h.symbol, t.bucket;
    end $$ $function$,
    columns, format(of_quotes, $sql$
      select k.symbol, t.bucket, k.time, k.seq, k.bid, k.ask
        from unnest(touched_symbols, touched_minutes) as t(symbol, bucket)
        join ticks k on k.symbol = t.symbol and k.time >= t.bucket and k.time < t.bucket + interval '1 minute'
       where k.bid is not null $sql$), of_bars);
end
$do$;

create function recompute_deleted_quotes() returns trigger language plpgsql as $$
declare
  touched record;
begin
  if current_setting('fx.keep_bars', true) = 'on' then return null; end if;
  select array_agg(symbol) as symbols, array_agg(bucket) as minutes into touched
    from (select distinct symbol, minute_start(time) as bucket from deleted where bid is not null) t;
  if touched.symbols is not null then perform recompute_quote_bars(touched.symbols, touched.minutes); end if;
  return null;
end $$;

create function recompute_updated_quotes() returns trigger language plpgsql as $$
declare
  touched record;
begin
  select array_agg(symbol) as symbols, array_agg(bucket) as minutes into touched
    from (select symbol, minute_start(time) as bucket from deleted where bid is not null
          union
          select symbol, minute_start(time) from inserted where bid is not null) t;
  if touched.symbols is not null then perform recompute_quote_bars(touched.symbols, touched.minutes); end if;
  return null;
end $$;

-- step
-- After the triggers of prices, by their names: those refuse what is older than retention.
create trigger ticks_inserted_quotes after insert on ticks
  referencing new table as inserted for each statement execute function merge_inserted_quotes();
create trigger ticks_deleted_quotes after delete on ticks
  referencing old table as deleted for each statement execute function recompute_deleted_quotes();
create trigger ticks_updated_quotes after update on ticks
  referencing old table as deleted new table as inserted for each statement execute function recompute_updated_quotes();

-- step
-- As for bars of prices (migration 011). What the triggers of ticks do to both is drawn with those.
create trigger bars_changed_by_hand before insert or update or delete or truncate on quote_minute
  for each statement when (pg_trigger_depth() = 0) execute function forget_closed_bars();
create trigger bars_changed_by_hand before insert or update or delete or truncate on quote_hour
  for each statement when (pg_trigger_depth() = 0) execute function forget_closed_bars();
create trigger bars_changed_by_hand before insert or update or delete or truncate on quote_day
  for each statement when (pg_trigger_depth() = 0) execute function forget_closed_bars();
