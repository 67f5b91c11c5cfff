-- What a next version adds. Services of this one neither read nor write it.
alter table ticks add column note double precision;

-- step
alter table ticks alter column note set default 1;

-- step outside a transaction
create index concurrently if not exists ticks_by_note on ticks (note) where note > 1;

-- step
create table noted_statements (at timestamptz not null, kind text not null);
create function note_statement() returns trigger language plpgsql as $$
begin
  insert into noted_statements values (now(), tg_op);
  return null;
end $$;

-- step
create trigger ticks_noted after insert on ticks for each statement execute function note_statement();
