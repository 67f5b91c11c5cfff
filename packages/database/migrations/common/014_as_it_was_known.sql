-- What was known when: from when on a tick was there, what it was before it was corrected or deleted, and which ones came late.

-- The start of the transaction that stored a tick; null: before this was kept, so it counts as always known. Services of the build
-- before name the columns that they insert, and are served by the default, which is set last.
alter table ticks add column recorded_at timestamptz;

-- step
-- What UPDATE and DELETE replaced: a tick was known from recorded_at (null: always) until removed_at.
create table tick_history (
  symbol      text collate "C" not null,
  time        timestamptz      not null,
  seq         smallint         not null,
  price       double precision not null,
  bid         double precision,
  ask         double precision,
  recorded_at timestamptz,
  removed_at  timestamptz      not null,
  -- Of the transaction, as in revisions.
  change      bigint           not null,
  -- What it was made; null: nothing, it was deleted.
  new_price   double precision,
  new_bid     double precision,
  new_ask     double precision
);
create index tick_history_time on tick_history (symbol, time, seq);
create index tick_history_change on tick_history (change);

-- What was done to stored ticks of a symbol, and which came late: a row for each kind in a transaction, of late ticks for each hour
-- of theirs. It outlives its ticks, so that bars can be told from those that never changed.
create table revisions (
  id        bigint generated always as identity primary key,
  change    bigint           not null,
  at        timestamptz      not null default now(),
  kind      text             not null check (kind in ('update', 'delete', 'late')),
  symbol    text collate "C" not null,
  from_time timestamptz      not null,
  to_time   timestamptz      not null check (to_time > from_time),
  -- Null: nobody counted them.
  ticks     bigint,
  by        text,
  reason    text,
  -- The revision that it put back.
  undoes    bigint
);
create index revisions_symbol on revisions (symbol, from_time);
create unique index revisions_change on revisions (change, symbol, kind) where kind <> 'late';

create sequence tick_changes;

-- The number of this transaction among those that change ticks.
create function tick_change() returns bigint language plpgsql as $$
begin
  if coalesce(current_setting('fx.change', true), '') = '' then
    perform set_config('fx.change', nextval('tick_changes')::text, true);
  end if;
  return current_setting('fx.change')::bigint;
end $$;

-- Ticks before this instant are late when they are stored now, whatever the engine has made of them: so what is not late and was
-- recorded after some moment is less than six minutes older than that.
create function late_before() returns timestamptz language sql stable as $$
  select date_trunc('minute', fx_now() - interval '5 minutes')
$$;

-- Runs for whoever changes ticks, a hand with a search_path of its own included. Two transactions that change one tick may do so in
-- the other order than they began in: what is known of it never ends before it began.
create function keep_replaced_tick() returns trigger language plpgsql set search_path from current as $$
declare
  at timestamptz := greatest(now(), old.recorded_at);
begin
  if tg_op = 'UPDATE' then
    new.recorded_at := at;
    insert into tick_history (symbol, time, seq, price, bid, ask, recorded_at, removed_at, change, new_price, new_bid, new_ask)
    values (old.symbol, old.time, old.seq, old.price, old.bid, old.ask, old.recorded_at, at, tick_change(),
            new.price, new.bid, new.ask);
    -- A hand has moved it: it came late to where it is now.
    if (new.symbol, new.time, new.seq) is distinct from (old.symbol, old.time, old.seq) then
      insert into revisions (change, kind, symbol, from_time, to_time, ticks)
      values (tick_change(), 'late', new.symbol, date_trunc('minute', new.time),
              date_trunc('minute', new.time) + interval '1 minute', 1);
    end if;
    return new;
  end if;
  insert into tick_history (symbol, time, seq, price, bid, ask, recorded_at, removed_at, change)
  values (old.symbol, old.time, old.seq, old.price, old.bid, old.ask, old.recorded_at, at, tick_change());
  return null;
end $$;

-- Who and why is what the transaction has noted.
create function note_revisions() returns trigger language plpgsql set search_path from current as $$
declare
  of_change bigint := nullif(current_setting('fx.change', true), '')::bigint;
begin
  if of_change is null then return null; end if;
  insert into revisions (change, kind, symbol, from_time, to_time, ticks, by, reason, undoes)
  select of_change, lower(tg_op), symbol, min(time), max(time) + interval '1 microsecond', count(*),
         nullif(current_setting('fx.by', true), ''), nullif(current_setting('fx.reason', true), ''),
         nullif(current_setting('fx.undoes', true), '')::bigint
    from tick_history
   where change = of_change and (new_price is null) = (tg_op = 'DELETE')
   group by symbol
      on conflict (change, symbol, kind) where kind <> 'late'
      do update set from_time = excluded.from_time, to_time = excluded.to_time, ticks = excluded.ticks;
  return null;
end $$;

-- step
create trigger ticks_replaced before update on ticks
  for each row execute function keep_replaced_tick();

-- step
-- What retention deletes is no correction.
create trigger ticks_removed after delete on ticks
  for each row when (current_setting('fx.keep_bars', true) is distinct from 'on') execute function keep_replaced_tick();

-- step
create trigger ticks_replaced_noted after update on ticks
  for each statement execute function note_revisions();

-- step
create trigger ticks_removed_noted after delete on ticks
  for each statement when (current_setting('fx.keep_bars', true) is distinct from 'on') execute function note_revisions();
