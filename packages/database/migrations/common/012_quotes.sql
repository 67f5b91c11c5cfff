-- Quotes: ticks with two sides, whose price is their mid.

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
