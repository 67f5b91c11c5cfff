-- What a tick-ingest process has committed and not yet published, one row a commit: a row that outlives its process names
-- what its successor must declare lost.
create table unpublished_commits (
  ingest_id text        not null,
  batch     bigint      not null,
  symbols   text[]      not null,
  from_time timestamptz[] not null,
  to_time   timestamptz[] not null,
  primary key (ingest_id, batch)
);
