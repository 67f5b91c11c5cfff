-- Every symbol there is, once: when it was heard of, and what an operator has said of it (null: nothing). Whoever adds one holds
-- the lock for adding symbols, which is what bounds them; whoever removes one, that symbol's own.
create table symbols (
  symbol        text collate "C" primary key check (length(symbol) between 1 and 32),
  -- By the database's clock; null: before this was kept.
  first_heard   timestamptz,
  -- When something of it was last stored, at most a minute too early; null: never, or before this was kept.
  last_heard    timestamptz,
  -- Whether it ever had quotes.
  quotes        boolean          not null default false,
  digits        smallint         check (digits between 0 and 10),
  pip           double precision check (pip > 0 and pip < 'Infinity'),
  session       text,
  kind          text,
  description   text,
  quiet_after_s integer          check (quiet_after_s > 0)
) with (fillfactor = 80);

-- Those that the first version stored under a spelling that is read as another symbol now, or as none: services look at them
-- every other moment, and nearly always there are none.
create index symbols_kept_spellings on symbols (symbol) where symbol ~ '^[A-Z]{3}_[A-Z]{3}$|^[._-]|[._-]$';

-- Which migration the writer of a row knew; null: the sixth or an older one, and its commits do not keep the table of symbols.
alter table untold_commits add column writer_version smallint;

-- Does so in their place, from what they write in the same transaction. (A statement trigger on ticks would not see rows, and one
-- with a transition table hides what is copied from TimescaleDB's bars.) It goes when no such service is served any more.
create function keep_symbols_of_commit() returns trigger language plpgsql as $$
begin
  insert into symbols (symbol, first_heard, last_heard)
  select symbol, fx_now(), fx_now()
    from (select distinct unnest(new.symbols) collate "C" as symbol) stored
   where not exists (select 1 from symbols known
                      where known.symbol = stored.symbol and known.last_heard > fx_now() - interval '30 seconds')
   order by symbol
      on conflict (symbol) do update set last_heard = excluded.last_heard;
  return null;
end $$;

-- step
-- Both wait until every transaction has ended that has written its row: what those stored is there when bars are looked at below.
create trigger untold_commits_symbols after insert on untold_commits
  for each row when (new.writer_version is null and new.ingest_id <> 'trial') execute function keep_symbols_of_commit();

-- step
create trigger unpublished_commits_symbols after insert on unpublished_commits
  for each row when (new.ingest_id <> 'trial') execute function keep_symbols_of_commit();

-- step
-- No stored tick has a longer symbol, so nothing has to be looked at.
alter table ticks add constraint ticks_symbol_length check (length(symbol) between 1 and 32) not valid;

-- step
alter table ticks drop constraint ticks_symbol_check;

