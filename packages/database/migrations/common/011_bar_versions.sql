-- What is kept in memory of bars can be trusted by: which bars are closed, and whether closed ones have changed.

-- A number that nobody has drawn before, as large as JavaScript's are exact.
create function new_version() returns bigint language sql volatile parallel safe
  return ('x' || left(md5(gen_random_uuid()::text), 16))::bit(64)::bigint & 9007199254740991;

-- One row. Bars of a level that start before its *_to are closed: whatever changes one of them draws its version anew, in the same
-- transaction. A mark is a random number that nobody has drawn before, made anew whenever more is closed; writers go by closing_*,
-- which moves first, and the mark follows when every transaction that may not have seen it has ended. No clock decides: a mark
-- is only ever behind. No bar starts in 1969 before the 31st: nothing is closed.
create table bar_mark (
  only_row       boolean     primary key default true check (only_row),
  closing_minute timestamptz not null default '1969-12-30 00:00:00+00',
  closing_hour   timestamptz not null default '1969-12-30 00:00:00+00',
  closing_day    timestamptz not null default '1969-12-30 00:00:00+00',
  mark           bigint      not null,
  minute_to      timestamptz not null default '1969-12-30 00:00:00+00',
  hour_to        timestamptz not null default '1969-12-30 00:00:00+00',
  day_to         timestamptz not null default '1969-12-30 00:00:00+00',
  -- The chunks of stored bars there were when closing_* moved last: no trigger tells of one that is dropped by hand.
  bar_chunks     integer[]   not null default '{}',
  check (minute_to <= closing_minute and hour_to <= closing_hour and day_to <= closing_day)
);
insert into bar_mark (mark) values (new_version());

-- The marks of the last days, the present one too, so that whoever knows one of them can see that this is still the same history: a
-- database that was put back to an earlier moment, or a standby that took over, does not have those made since.
create table bar_marks (
  mark    bigint      primary key,
  made_at timestamptz not null
);
insert into bar_marks (mark, made_at) select mark, fx_clock() from bar_mark;

-- The version of the closed bars of a symbol, of all levels, that start on a UTC day: a random number drawn anew with each change.
-- Without a row they have never changed since they were closed. Symbol '' stands for every symbol. Null: they are being changed by
-- transactions that draw nothing, so nobody may keep them. (There is none of a longer time: two writers of one symbol, years apart,
-- would wait for one another.)
create table bar_versions (
  symbol  text collate "C" not null,
  day     date             not null,
  version bigint,
  primary key (symbol, day)
);

-- From here on nothing is true that anybody keeps of bars, and no more than this is closed.
create function begin_another_history(minute timestamptz default '-infinity', hour timestamptz default '-infinity',
                                      day timestamptz default '-infinity') returns void language sql as $$
  update bar_mark
     set mark           = new_version(),
         closing_minute = least(closing_minute, greatest(minute, '1969-12-30 00:00:00+00')),
         closing_hour   = least(closing_hour, greatest(hour, '1969-12-30 00:00:00+00')),
         closing_day    = least(closing_day, greatest(day, '1969-12-30 00:00:00+00')),
         minute_to      = least(minute_to, greatest(minute, '1969-12-30 00:00:00+00')),
         hour_to        = least(hour_to, greatest(hour, '1969-12-30 00:00:00+00')),
         day_to         = least(day_to, greatest(day, '1969-12-30 00:00:00+00')),
         bar_chunks     = '{}';
  delete from bar_marks;
  insert into bar_marks (mark, made_at) select mark, fx_clock() from bar_mark;
$$;

-- Bars change all at once, or by a hand that says nothing of which: nothing that was closed is any more. (Whoever calls it may have
-- any search_path.)
create function forget_closed_bars() returns trigger language plpgsql as $$
declare
  path text := current_setting('search_path');
begin
  perform set_config('search_path', pronamespace::regnamespace::text, true)
     from pg_trigger join pg_proc on pg_proc.oid = tgfoid where tgrelid = tg_relid and tgname = tg_name;
  perform begin_another_history();
  perform set_config('search_path', path, true);
  return null;
end $$;
