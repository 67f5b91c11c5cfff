create extension if not exists timescaledb;

-- The primary key serves every read; a second index on time would cost a tenth of the insert rate.
select create_hypertable('ticks', by_range('time', interval '1 day'), create_default_indexes => false);

alter table ticks set (
  timescaledb.enable_columnstore = true,
  timescaledb.segmentby          = 'symbol',
  timescaledb.orderby            = 'time, seq'
);
