-- Updating a model's row is the lock under which its versions, stages and aliases change.
create table registered_models (
  name text collate "C" primary key,
  description text not null,
  owner text not null,
  last_number integer not null,
  created_ms bigint not null,
  created_by text not null,
  updated_ms bigint not null
);

create table registered_model_tags (
  model text collate "C" not null references registered_models (name),
  key text collate "C" not null,
  value text not null,
  primary key (model, key)
);

create table model_versions (
  model text collate "C" not null references registered_models (name),
  number integer not null,
  version text collate "C" not null,
  stage text not null,
  run_id text collate "C",
  artifact text,
  request_key text,
  blob_key text not null,
  blob_bytes bigint not null,
  blob_sha256 text not null,
  signature text not null,
  feature_service text,
  feature_views text not null,
  metrics text not null,
  training_window text,
  limitations text not null,
  description text not null,
  card text,
  created_ms bigint not null,
  created_by text not null,
  updated_ms bigint not null,
  primary key (model, number),
  unique (model, version)
);
create unique index model_versions_request on model_versions (model, coalesce(run_id, ''), request_key)
  where request_key is not null;
create unique index model_versions_production on model_versions (model) where stage = 'production';
create index model_versions_run on model_versions (run_id) where run_id is not null;

create table model_version_tags (
  model text collate "C" not null,
  number integer not null,
  key text collate "C" not null,
  value text not null,
  primary key (model, number, key),
  foreign key (model, number) references model_versions (model, number)
);

create table model_aliases (
  model text collate "C" not null,
  alias text collate "C" not null,
  number integer not null,
  updated_ms bigint not null,
  primary key (model, alias),
  foreign key (model, number) references model_versions (model, number)
);

create table model_transitions (
  model text collate "C" not null,
  seq bigint not null,
  number integer not null,
  from_stage text not null,
  to_stage text not null,
  actor text not null,
  approval_id text,
  reason text not null,
  at_ms bigint not null,
  primary key (model, seq),
  foreign key (model, number) references model_versions (model, number)
);

-- id is the SHA-256 of the edge: two long ids together would not fit an index entry.
create table lineage_edges (
  id text primary key,
  from_kind text not null,
  from_id text not null,
  to_kind text not null,
  to_id text not null,
  relation text not null,
  created_ms bigint not null
);
create index lineage_edges_from on lineage_edges (from_kind, from_id);
create index lineage_edges_to on lineage_edges (to_kind, to_id);
