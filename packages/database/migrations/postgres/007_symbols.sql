-- step
-- Adds the symbols that only bars know: of ticks that were stored before the table was there, or by hand.
create function add_stored_symbols() returns void language sql as $$
  select pg_advisory_xact_lock(5064225);
  insert into symbols (symbol)
  with recursive stored(symbol) as (
    select min(symbol) from ohlc_day
    union all
    select (select min(symbol) from ohlc_day where symbol > stored.symbol) from stored where stored.symbol is not null
  )
  select symbol from stored where symbol is not null order by symbol
      on conflict do nothing
$$;

-- step
select add_stored_symbols();
