-- What is committed and not told of on the stream yet, one row a commit, written in the commit's own transaction. Whoever
-- takes rows over writes one of his own in their place. (unpublished_commits is the first version's, which may still run.)
create table untold_commits (
  ingest_id  text          not null,
  number     bigint        not null,
  -- Only how old a row is matters, which no test has to move: fx_clock() would be planned in every commit.
  written_at timestamptz   not null default statement_timestamp(),
  symbols    text[]        not null,
  from_time  timestamptz[] not null,
  to_time    timestamptz[] not null,
  primary key (ingest_id, number)
);
