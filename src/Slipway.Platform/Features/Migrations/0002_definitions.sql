create table feature_definitions (
  kind text collate "C" not null,
  name text collate "C" not null,
  version integer not null,
  content_hash text not null,
  definition text not null,
  sequence bigint not null,
  applied_by text not null,
  applied_ms bigint not null,
  primary key (kind, name, version)
);
create index feature_definitions_sequence on feature_definitions (sequence);
