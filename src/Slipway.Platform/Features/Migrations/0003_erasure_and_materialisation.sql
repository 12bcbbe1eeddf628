create table feature_erasures (
  entity text collate "C" not null,
  key_hash bytea not null,
  erased boolean not null,
  sequence bigint not null,
  changed_by text not null,
  changed_ms bigint not null,
  primary key (entity, key_hash)
);
create index feature_erasures_sequence on feature_erasures (sequence);
create table feature_materialisations (
  run text collate "C" not null,
  view text collate "C" not null,
  from_us bigint,
  to_us bigint not null,
  done_buckets bigint not null,
  rows_written bigint not null,
  finished boolean not null,
  primary key (run, view)
);
create table feature_watermarks (
  view text collate "C" not null primary key,
  watermark_us bigint not null,
  changed_ms bigint not null
);
-- A row of a few kilobytes is read with its page instead of from a table beside it.
/*postgres: alter table online_features set (toast_tuple_target = 8160); */
