-- What is committed and not told of on the stream yet, one row a commit, written in the commit's own transaction. Whoever
-- takes rows over writes one of his own in their place. (unpublished_commits is the first version's, which may still run.)
create table untold_commits (
  id         uuid          primary key default gen_random_uuid(),
  written_at timestamptz   not null default fx_clock(),
  symbols    text[]        not null,
  from_time  timestamptz[] not null,
  to_time    timestamptz[] not null
);
