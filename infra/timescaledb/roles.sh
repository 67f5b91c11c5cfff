#!/bin/sh
# Runs once, when the database is made: a role for each who connects, with the passwords of the secrets.
#   fx          owns the tables: fx-migrate and tick-ingest
#   fx_reader   reads and does nothing else: ohlc-query; it sees since when others write, for as_of and /revisions
#   fx_monitor  sees statistics: postgres-exporter
set -eu

# The password in postgres://user:password@host:port/database.
password_of() {
  sed 's|.*://[^:]*:\([^@]*\)@.*|\1|' "/run/secrets/$1"
}

psql --set=ON_ERROR_STOP=1 --username=postgres --dbname=fx \
  --set=owner="$(password_of database_url)" \
  --set=reader="$(password_of database_reader_url)" \
  --set=monitor="$(cat /run/secrets/database_monitor_password)" <<'SQL'
create role fx login password :'owner';
create role fx_reader login password :'reader';
create role fx_monitor login password :'monitor';
alter database fx owner to fx;
alter schema public owner to fx;
create extension if not exists timescaledb;
grant pg_read_all_data, pg_read_all_stats to fx_reader;
alter role fx_reader set default_transaction_read_only = on;
grant pg_monitor to fx_monitor;
SQL
