-- Windows of late ticks and corrections, written in their own transaction: what lies below an aggregate's watermark is
-- invisible until its three levels are refreshed.
create table refresh_queue (
  id        bigint generated always as identity primary key,
  symbol    text collate "C" not null,
  from_time timestamptz      not null,
  to_time   timestamptz      not null check (to_time > from_time),
  reason    text             not null check (reason in ('late', 'correction'))
);
