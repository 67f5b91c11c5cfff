-- How many windows of the refresh queue go in a second, as the leader last saw: what tells when the rest will be done.
alter table maintenance add column windows_per_s double precision not null default 100;
