-- API keys, also those that were revoked: an audit names them for ever. Services know them from a snapshot that tick-ingest makes.
create table api_keys (
  id           text collate "C" primary key check (id ~ '^[A-Za-z0-9]{4,32}$'),
  name         text        not null check (length(name) between 1 and 100),
  -- SHA-256 of the secret, which is shown once and kept nowhere.
  secret_hash  text        not null check (secret_hash ~ '^[0-9a-f]{64}$'),
  scopes       text[]      not null,
  -- Patterns of the symbols it may touch; null: every symbol.
  symbols      text[],
  limits       jsonb       not null default '{}',
  -- Made to be shown in a URL.
  in_url       boolean     not null default false,
  created_at   timestamptz not null,
  created_by   text        not null,
  expires_at   timestamptz,
  revoked_at   timestamptz,
  -- Some seconds too early.
  last_used_at timestamptz
);

-- Whose JWTs are not taken any more, as far as they were issued until then.
create table revoked_subjects (
  subject    text        primary key check (length(subject) between 1 and 500),
  revoked_at timestamptz not null
);

-- Raised by every change of the two above, in its transaction: so they know which state of them is the newer one.
create table access_version (
  is_only boolean primary key default true check (is_only),
  number  bigint  not null
);

insert into access_version (number) values (0);

-- Who changed keys, and ticks that were stored.
create table audit (
  id      bigint generated always as identity primary key,
  at      timestamptz not null,
  -- The name of the token that it was done with.
  actor   text        not null,
  action  text        not null,
  -- The key, the subject, or the symbol.
  target  text        not null,
  details jsonb       not null default '{}'
);

create index audit_at on audit (at);
