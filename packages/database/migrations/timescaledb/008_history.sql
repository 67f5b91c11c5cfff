-- step
-- The backlog is worked off newest first, and corrections before it.
create index refresh_queue_newest on refresh_queue (from_time desc, id);

-- step
create index refresh_queue_corrections on refresh_queue (id) where reason = 'correction';
