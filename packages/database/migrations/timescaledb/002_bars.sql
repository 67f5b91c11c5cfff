-- Three hierarchical, real-time continuous aggregates. A day that starts at any hour stacks on hours only when all three
-- levels share one origin; on whole hours that origin moves no minute or hour bucket.
-- The order key places a tick among those of its minute by (time, seq): first() and last() take no composite.
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
    create materialized view ohlc_minute
      with (timescaledb.continuous, timescaledb.materialized_only = false) as
    select symbol,
           time_bucket('1 minute', time, origin => %1$s) as bucket,
           first(price, %2$s) as open,
           max(price)         as high,
           min(price)         as low,
           last(price, %2$s)  as close,
           count(*)           as tick_count
      from ticks
     group by 1, 2
      with no data $sql$, origin, order_key);

  for level in select * from (values ('hour', 'minute', ''), ('day', 'hour', zone)) levels(name, below, zone) loop
    execute format($sql$
      create materialized view ohlc_%1$s
        with (timescaledb.continuous, timescaledb.materialized_only = false) as
      select symbol,
             time_bucket('1 %1$s', bucket, %3$s origin => %4$s) as bucket,
             first(open, bucket)     as open,
             max(high)               as high,
             min(low)                as low,
             last(close, bucket)     as close,
             sum(tick_count)::bigint as tick_count
        from ohlc_%2$s
       group by 1, 2
        with no data $sql$, level.name, level.below, level.zone, origin);
  end loop;
end
$bars$;
