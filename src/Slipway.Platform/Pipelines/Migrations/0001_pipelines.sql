create table pipelines (
  name text collate "C" primary key,
  definition text not null,
  updated_ms bigint not null
);

create table pipeline_runs (
  id text collate "C" primary key,
  pipeline text collate "C" not null,
  definition text not null,
  parameters text not null,
  cause text not null,
  state text not null,
  error text,
  created_ms bigint not null,
  finished_ms bigint
);
create unique index pipeline_runs_cause on pipeline_runs (pipeline, cause);
create index pipeline_runs_state on pipeline_runs (state);

create table pipeline_steps (
  run_id text collate "C" not null references pipeline_runs (id),
  name text collate "C" not null,
  position integer not null,
  state text not null,
  attempts integer not null,
  cache_key text,
  inputs text,
  outputs text,
  error text,
  log text,
  started_ms bigint,
  finished_ms bigint,
  primary key (run_id, name)
);
create index pipeline_steps_cache on pipeline_steps (cache_key) where cache_key is not null;
