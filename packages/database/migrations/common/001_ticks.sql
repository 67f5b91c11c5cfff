-- The settings this database was built with; services read them from here, never from their own environment.
create table settings (
  key   text primary key,
  value text not null
);

create table ticks (
  symbol text collate "C"  not null check (length(symbol) between 1 and 10),
  time   timestamptz       not null,
  seq    smallint          not null check (seq >= 0 and seq < 1024),
  price  double precision  not null check (price > 0 and price < 'Infinity'),
  primary key (symbol, time, seq)
);
