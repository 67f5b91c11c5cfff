-- Feeds that a key may name itself; null: its own name alone. (Services that do not know it make keys without it.)
alter table api_keys add column feeds text[];

-- step
-- Producers that name themselves, and of which symbols they were heard, about once a minute: what is known of them when Redis knows
-- nothing any more.
create table feeds (
  feed       text collate "C" not null check (length(feed) between 1 and 64),
  symbol     text collate "C" not null check (length(symbol) between 1 and 32),
  -- By the database's clock: when a tick or a heartbeat came last.
  last_heard timestamptz      not null,
  -- The latest time of its ticks; null: only heartbeats came.
  last_tick  timestamptz,
  -- What its heartbeats say of themselves; null: there were none.
  every_s    integer          check (every_s > 0),
  primary key (feed, symbol)
);

-- When every feed of a symbol was down; while it lasts it has no end. They are kept as bars are: they say why a bucket is empty.
create table feed_outages (
  symbol    text collate "C" not null check (length(symbol) between 1 and 32),
  from_time timestamptz      not null,
  to_time   timestamptz      check (to_time >= from_time),
  primary key (symbol, from_time)
);

create unique index feed_outages_lasting on feed_outages (symbol) where to_time is null;
