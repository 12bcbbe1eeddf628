create table online_features (
  view text collate "C" not null,
  entity_key bytea not null,
  event_time_us bigint not null,
  created_us bigint not null,
  row_bytes bytea not null,
  primary key (view, entity_key)
);
