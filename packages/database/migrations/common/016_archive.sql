-- The archive: which days of ticks are in files, and whether their ticks have changed since.

-- One row.
create table archive_state (
  only_row        boolean     primary key default true check (only_row),
  -- Whatever changes ticks of a UTC day before it draws that day's version, in the same transaction. It only moves forward, and a day
  -- is archived when every transaction has ended that may not have seen it move. Nothing is drawn where nothing is archived.
  ended_before    timestamptz not null default '1970-01-01 00:00:00+00',
  -- The days of ticks before it all have a version.
  listed_before   timestamptz not null default '1970-01-01 00:00:00+00' check (listed_before <= ended_before),
  -- When the archiver last found its dataset where it belongs. Nothing is dropped long after that.
  confirmed_at    timestamptz,
  -- Why nothing is archived or dropped until somebody has looked.
  refused_because text,
  -- Which process archives, as in the table maintenance.
  holder          text        not null default '',
  renewals        bigint      not null default 0,
  renewed_at      timestamptz,
  -- Until then somebody archives by hand, and the service lets him.
  by_hand_until   timestamptz
);
insert into archive_state default values;

-- The version of the ticks of a symbol on a UTC day: a random number drawn anew with each change. (A counter would repeat itself in a
-- database that was put back.) A day without a row has no ticks, or has not ended.
create table archive_versions (
  symbol   text collate "C" not null,
  date     date             not null,
  version  bigint           not null,
  drawn_at timestamptz      not null,
  -- Of the last file that somebody began to write: no two have one number, so none is written over another.
  last_n   integer          not null default 0,
  -- The one that was archived.
  archived bigint,
  primary key (symbol, date)
);
create index archive_versions_waiting on archive_versions (date, symbol) where version is distinct from archived;

-- What the archive holds of a symbol and UTC day. It holds the ticks as they are when ticks_version is the day's version.
create table archive_days (
  symbol        text collate "C" not null,
  date          date             not null,
  -- Grows with each file.
  n             integer          not null check (n > 0),
  -- Where it lies in the dataset; null: the day has no ticks.
  file          text             check ((file is null) = (ticks = 0)),
  ticks_version bigint           not null,
  ticks         bigint           not null check (ticks >= 0),
  first         timestamptz,
  last          timestamptz,
  -- SHA-256 of the rows, however they are coded, and of the file.
  rows_checksum text             not null,
  file_sha256   text,
  bytes         bigint           not null,
  written_at    timestamptz      not null,
  -- When the file was last read back and found to be what was written.
  verified_at   timestamptz      not null,
  -- Since then the file is all there is of these ticks.
  dropped_at    timestamptz,
  primary key (symbol, date)
);
create index archive_days_dropped on archive_days (date) where dropped_at is not null;

-- Files that no entry names any more, and where they lie.
create table archive_replaced (
  file        text        primary key,
  replaced_at timestamptz not null,
  -- Since then it lies in _replaced/.
  moved_at    timestamptz
);

-- One version a transaction is enough: nobody sees it before the commit. (fx_now() is the transaction's start.)
create function draw_archive_versions(touched_symbols text[], touched_dates date[]) returns void language sql as $$
  insert into archive_versions (symbol, date, version, drawn_at)
  select symbol, date, new_version(), fx_now()
    from (select distinct symbol, date from unnest(touched_symbols, touched_dates) as t(symbol, date)) touched
   order by symbol, date
      on conflict (symbol, date) do update set version = excluded.version, drawn_at = excluded.drawn_at
   where archive_versions.drawn_at <> excluded.drawn_at
      or archive_versions.xmin <> pg_current_xact_id()::xid;
$$;

-- Up to where changes draw. Who sees what was there when his transaction began may not see it move.
create function archive_ended_before() returns timestamptz language sql stable as $$
  select case current_setting('transaction_isolation') when 'read committed' then ended_before
              else case when ended_before > '1970-01-01 00:00:00+00' then 'infinity' else ended_before end end
    from archive_state
$$;

-- What was corrected and deleted is in the history of the transaction's changes; a tick that a hand has moved came late to where it is.
create function version_changed_days() returns trigger language plpgsql set search_path from current as $$
declare
  of_change    bigint := nullif(current_setting('fx.change', true), '')::bigint;
  ended_before timestamptz := archive_ended_before();
begin
  if of_change is null or ended_before <= '1970-01-01 00:00:00+00' then return null; end if;
  perform draw_archive_versions(array_agg(symbol), array_agg((time at time zone 'UTC')::date))
     from (select symbol, time from tick_history where change = of_change and time < ended_before
           union all
           select symbol, from_time from revisions
            where change = of_change and kind = 'late' and from_time < ended_before) changed
  having count(*) > 0;
  return null;
end $$;

-- step
create trigger ticks_updated_archived after update on ticks
  for each statement execute function version_changed_days();

-- step
-- What retention deletes is no change.
create trigger ticks_deleted_archived after delete on ticks
  for each statement when (current_setting('fx.keep_bars', true) is distinct from 'on') execute function version_changed_days();
