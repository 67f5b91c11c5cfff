-- Ends a transaction that was begun on the strength of something that is true no more.
create function fx_require(is_true boolean, reason text) returns void language plpgsql as $$
begin
  if is_true is not true then
    raise exception '%', reason using errcode = 'FXREQ';
  end if;
end $$;
