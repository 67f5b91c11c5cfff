
create function bar_chunks_now() returns integer[] language plpgsql stable as $$
begin
  return array(select chunk.id
                 from _timescaledb_catalog.continuous_agg bars
                 join _timescaledb_catalog.chunk on chunk.hypertable_id = bars.mat_hypertable_id
                where bars.user_view_schema = current_schema()
                  and bars.user_view_name in ('ohlc_minute', 'ohlc_hour', 'ohlc_day'));
end $$;

-- Draws the versions of a bar that is about to change, if it is closed: called with its level, and with whether it is the old row or
-- the new one. What is being closed is looked up once in a transaction, behind its id: whoever closes bars waits for all ids that
-- were given out before. One that sees what was there when it began may not see that, and every bar may be closed. All that a
-- transaction draws is one number, so that it knows what it has drawn. (TimescaleDB refreshes with a search_path of its own.)
create function draw_bar_version() returns trigger language plpgsql as $$
declare
  schema    text := current_setting('fx.bars_schema', true);
  path      text := current_setting('search_path');
  of_symbol text;
  epoch     double precision;
  day       date;
begin
  if coalesce(schema, '') = '' then
    perform pg_current_xact_id();
    schema := (select pronamespace::regnamespace::text from pg_trigger join pg_proc on pg_proc.oid = tgfoid
                where tgrelid = tg_relid and tgname = tg_name);
    perform set_config('search_path', schema, true);
    perform set_config('fx.closing_minute', date_part('epoch', closing.minute)::text, true),
            set_config('fx.closing_hour', date_part('epoch', closing.hour)::text, true),
            set_config('fx.closing_day', date_part('epoch', closing.day)::text, true),
            set_config('fx.bar_version', new_version()::text, true),
            set_config('fx.bars_drawn', '', true),
            set_config('fx.bars_schema', schema, true)
       from (select closing_minute, closing_hour, closing_day from bar_mark
              where current_setting('transaction_isolation') = 'read committed'
             union all
             values ('infinity'::timestamptz, 'infinity'::timestamptz, 'infinity'::timestamptz)
              limit 1) closing(minute, hour, day);
    perform set_config('search_path', path, true);
  end if;
  if tg_argv[1] = 'old' then
    of_symbol := old.symbol;
    epoch := date_part('epoch', old.bucket);
  else
    of_symbol := new.symbol;
    epoch := date_part('epoch', new.bucket);
  end if;
  day := date '1970-01-01' + floor(epoch / 86400)::int;
  if epoch < current_setting('fx.closing_' || tg_argv[0])::double precision
     and current_setting('fx.bars_drawn') <> day || of_symbol then
    perform set_config('search_path', schema, true);
    perform draw_bar_versions(of_symbol, day, current_setting('fx.bar_version')::bigint);
    perform set_config('search_path', path, true), set_config('fx.bars_drawn', day || of_symbol, true);
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;

-- Rows of a refresh come in any order: what is drawn already is not written again.
create function draw_bar_versions(of_symbol text, of_day date, drawn bigint) returns void language plpgsql as $$
begin
  if exists (select from bar_versions where symbol = of_symbol and day = of_day and version = drawn) then return; end if;
  insert into bar_versions (symbol, day, version) values (of_symbol, of_day, drawn)
      on conflict (symbol, day) do update set version = excluded.version;
end $$;

-- Puts the triggers on the table that holds what is materialised of a level: real-time reads show nothing else below its watermark.
-- What is not closed costs as little as it can: a number is compared with what the transaction has noted. A session that changes a
-- range which is marked as unsettled for every symbol notes that nothing is closed from its start to its end.
create function version_bars(interval_of_bars text) returns void language plpgsql as $function$
declare
  bars text := (
    select format('%I.%I', stored.schema_name, stored.table_name)
      from _timescaledb_catalog.continuous_agg bars
      join _timescaledb_catalog.hypertable stored on stored.id = bars.mat_hypertable_id
     where bars.user_view_schema = current_schema() and bars.user_view_name = 'ohlc_' || interval_of_bars);
  is_concerned text := $sql$
    date_part('epoch', %1$s.bucket)
      < coalesce(nullif(current_setting('fx.closing_%2$s', true), ''), 'infinity')::double precision
    or date_part('epoch', %1$s.bucket) >= nullif(current_setting('fx.unsettled_to', true), '')::double precision $sql$;
begin
  execute format('create trigger bars_version before insert or update on %s
                    for each row when (%s) execute function draw_bar_version(%L, %L)',
                 bars, format(is_concerned, 'new', interval_of_bars), interval_of_bars, 'new');
  execute format('create trigger bars_version_before before delete or update of symbol, bucket on %s
                    for each row when (%s) execute function draw_bar_version(%L, %L)',
                 bars, format(is_concerned, 'old', interval_of_bars), interval_of_bars, 'old');
  execute format('create trigger bars_emptied after truncate on %s
                    for each statement execute function forget_closed_bars()', bars);
end $function$;

-- step
-- Each waits until every transaction has ended that may have changed bars without drawing.
select version_bars('minute');

-- step
select version_bars('hour');

-- step
select version_bars('day');

-- step
drop function version_bars(text);
