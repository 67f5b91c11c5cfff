-- Quotes: ticks with two sides, whose price is their mid.

-- What lies between bid and ask, to the last digit: a double is what its shortest decimal says. Where both have six decimals at most,
-- as nearly all do, they are whole numbers of millionths, which add up exactly and cost a fraction of what decimals do.
create function quote_points(bid double precision, ask double precision) returns bigint
  language sql immutable parallel safe
  return case when bid < 450000000 and ask < 450000000
                   and round(bid * 1e6::float8) / 1e6::float8 = bid and round(ask * 1e6::float8) / 1e6::float8 = ask
              then (round(ask * 1e6::float8) - round(bid * 1e6::float8))::bigint end;

-- The same as a decimal, where it is no such number.
create function quote_decimals(bid double precision, ask double precision) returns numeric
  language sql immutable parallel safe
  return case when quote_points(bid, ask) is null then ask::text::numeric - bid::text::numeric end;
