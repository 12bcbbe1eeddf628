-- Gives experiments their numbers; 0 is left for a default experiment.
create table experiment_numbers (
  id integer primary key,
  next_number bigint not null
);
insert into experiment_numbers (id, next_number) values (1, 1);

create table experiments (
  id bigint primary key,
  name text collate "C" not null unique,
  created_ms bigint not null,
  created_by text not null
);

create table runs (
  id text collate "C" primary key,
  experiment_id bigint not null references experiments (id),
  name text not null,
  status text not null,
  start_ms bigint not null,
  end_ms bigint,
  parent_id text collate "C" references runs (id),
  actor text not null,
  request_key text,
  environment text
);
create index runs_newest on runs (experiment_id, start_ms desc, id desc);
create index runs_parent on runs (parent_id) where parent_id is not null;
create unique index runs_request on runs (experiment_id, request_key) where request_key is not null;

create table run_params (
  run_id text collate "C" not null references runs (id),
  key text collate "C" not null,
  value text not null,
  primary key (run_id, key)
);

create table run_tags (
  run_id text collate "C" not null references runs (id),
  key text collate "C" not null,
  value text not null,
  primary key (run_id, key)
);

-- kind: 0 is the value itself; -1, 1 and 2 are minus infinity, infinity and NaN, whose value is 0.
create table metrics (
  run_id text collate "C" not null references runs (id),
  key text collate "C" not null,
  step bigint not null,
  ts_ms bigint not null,
  kind integer not null,
  value double precision not null,
  primary key (run_id, key, step, ts_ms, kind, value)
);

create table latest_metrics (
  run_id text collate "C" not null references runs (id),
  key text collate "C" not null,
  step bigint not null,
  ts_ms bigint not null,
  kind integer not null,
  value double precision not null,
  primary key (run_id, key)
);

create table run_inputs (
  run_id text collate "C" not null references runs (id),
  name text collate "C" not null,
  digest text collate "C" not null,
  context text collate "C" not null,
  source text not null,
  row_count bigint,
  primary key (run_id, name, digest, context)
);
