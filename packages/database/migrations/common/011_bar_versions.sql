-- What is kept in memory of bars can be trusted by: which bars are closed, and whether closed ones have changed.

-- One row. Bars of a level that start before its *_to are closed: whatever changes one of them draws its version anew, in the same
-- transaction. A mark is a random number that nobody has drawn before, made anew whenever more is closed; writers go by closing_*,
-- which moves first, and the mark follows when every transaction that may not have seen it has ended. No clock decides: a mark
-- is only ever behind. -infinity: nothing is closed.
create table bar_mark (
  only_row       boolean     primary key default true check (only_row),
  closing_minute timestamptz not null default '-infinity',
  closing_hour   timestamptz not null default '-infinity',
  closing_day    timestamptz not null default '-infinity',
  -- The transaction that moved closing_* last.
  closing_xid    xid8,
  mark           bigint      not null,
  minute_to      timestamptz not null default '-infinity',
  hour_to        timestamptz not null default '-infinity',
  day_to         timestamptz not null default '-infinity',
  check (minute_to <= closing_minute and hour_to <= closing_hour and day_to <= closing_day)
);

-- The marks of the last days, the present one too, so that whoever knows one of them can see that this is still the same history: a
-- database that was put back to an earlier moment, or a standby that took over, does not have those made since.
create table bar_marks (
  mark    bigint      primary key,
  made_at timestamptz not null
);

-- The version of the closed bars of a symbol, of all levels, that start on a UTC day, in a month or in a year: a random number drawn
-- anew with each change. Without a row they have never changed since they were closed. Symbol '' stands for every symbol.
-- Null: they are being changed by transactions that draw nothing, so nobody may keep them.
create table bar_versions (
  symbol    text collate "C" not null,
  span      text             not null check (span in ('day', 'month', 'year')),
  from_date date             not null,
  version   bigint,
  primary key (symbol, span, from_date)
);
