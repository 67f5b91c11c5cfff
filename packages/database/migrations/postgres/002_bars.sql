-- The three bar tables are kept by statement-level triggers on ticks, in the transaction that changes the ticks. The order
-- keys of open and close place a tick among those of its bucket by (time, seq); without them bars could not be merged.
create table ohlc_minute (
  symbol     text collate "C" not null,
  bucket     timestamptz      not null,
  open       double precision not null,
  high       double precision not null,
  low        double precision not null,
  close      double precision not null,
  tick_count bigint           not null,
  open_key   bigint           not null,
  close_key  bigint           not null,
  primary key (symbol, bucket)
);
create table ohlc_hour (like ohlc_minute including all);
create table ohlc_day  (like ohlc_minute including all);

create function order_key(tick_time timestamptz, tick_seq smallint) returns bigint
  language sql immutable parallel safe
  return (date_part('epoch', tick_time - timestamptz '2000-01-01 00:00:00+00') * 1e6)::bigint * 1024 + tick_seq;

create function minute_start(instant timestamptz) returns timestamptz
  language sql immutable parallel safe
  return date_bin('1 minute', instant, timestamptz '2000-01-01 00:00:00+00');

create function hour_start(instant timestamptz) returns timestamptz
  language sql immutable parallel safe
  return date_bin('1 hour', instant, timestamptz '2000-01-01 00:00:00+00');

-- day_start() has the boundary of this database built in. Its zone has no local time at that hour that happens twice
-- (the migration refuses such boundaries), so going to local time and back is exact.
do $boundary$
declare
  boundary_hour int  := (select value from settings where key = 'day_start_hour');
  boundary_zone text := (select value from settings where key = 'day_timezone');
begin
  if boundary_zone = 'UTC' then
    execute format($sql$
      create function day_start(instant timestamptz) returns timestamptz
        language sql immutable parallel safe
        return date_bin('1 day', instant, timestamptz '2000-01-01 %s:00:00+00') $sql$, boundary_hour);
  else
    execute format($sql$
      create function day_start(instant timestamptz) returns timestamptz
        language sql immutable parallel safe
        return (date_trunc('day', (instant at time zone %1$L) - interval '%2$s hours') + interval '%2$s hours') at time zone %1$L
      $sql$, boundary_zone, boundary_hour);
  end if;
end
$boundary$;
