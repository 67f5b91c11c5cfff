-- What lasts: which ticks are whole, who looks after them and their bars, and which database this is.

-- The database's clock as every rule reads it: the horizon, lateness, how far bars are refreshed.
create function fx_now()   returns timestamptz language sql stable   parallel safe return now();
create function fx_clock() returns timestamptz language sql volatile parallel safe return clock_timestamp();

-- One row. Ticks before dropped_before are there for nobody: writers refuse them and readers do not see them. It moves before
-- anything is dropped, and never back. Ticks from whole_from on are all there, so that minutes may be made of them; it follows
-- when every transaction that knew the earlier mark has ended, and what lies before it is dropped from then on. 1970 is before
-- every tick.
create table retention_mark (
  only_row       boolean     primary key default true check (only_row),
  dropped_before timestamptz not null check (dropped_before >= '1970-01-01 00:00:00+00'),
  whole_from     timestamptz not null check (whole_from <= dropped_before)
);
insert into retention_mark values (default, '1970-01-01 00:00:00+00', '1970-01-01 00:00:00+00');

-- One row: which process drops expired ticks and refreshes bars.
create table maintenance (
  only_row     boolean primary key default true check (only_row),
  holder       text    not null default '',
  -- Grows as long as the holder is well: followers watch it by clocks of their own.
  renewals     bigint  not null default 0,
  -- When it last grew: what a database that was put back can say of the moment it was put back to.
  renewed_at   timestamptz,
  -- Why ticks are not dropped until somebody has confirmed the clock.
  held_because text
);
insert into maintenance default values;

-- Which database this is, for whatever is kept outside of it. A database of the first version has its retention recorded, and
-- the streams that its services use are named without its id.
insert into settings (key, value)
select 'database_id', id from (select left(md5(gen_random_uuid()::text), 16) as id) made
union all select 'incarnation', left(md5(gen_random_uuid()::text), 8)
union all select 'incarnation_facts', '';
insert into settings (key, value)
select 'stream_namespace', case when exists (select 1 from settings where key = 'retention_days') then '' else value end
  from settings where key = 'database_id';
insert into settings (key, value) select 'keep_ticks_days', value from settings where key = 'retention_days';

