-- Adds the symbols that only bars know, of ticks that were stored before the table was there, or by hand, and marks those that have
-- quotes by hand. What no bar holds yet waits for its refresh.
create or replace function add_stored_symbols() returns void language sql as $$
  select pg_advisory_xact_lock(5064225);
  insert into symbols (symbol)
  select symbol
    from (select symbol from ohlc_day where bucket >= '1969-12-30 00:00:00+00' union select symbol from refresh_queue) stored
   order by symbol
      on conflict do nothing;
  update symbols set quotes = true
   where not quotes and symbol in (select symbol from quote_day where bucket >= '1969-12-30 00:00:00+00');
$$;
