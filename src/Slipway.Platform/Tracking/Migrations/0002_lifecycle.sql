-- deleted_ms: when it was soft-deleted; null while it is active. An artifact location or address that is null is the default one.
alter table experiments add column project text collate "C" not null default 'default';
alter table experiments add column artifact_location text;
alter table experiments add column updated_ms bigint not null default 0;
alter table experiments add column deleted_ms bigint;
update experiments set updated_ms = created_ms;
create index experiments_newest on experiments (created_ms desc, id);

create table experiment_tags (
  experiment_id bigint not null references experiments (id),
  key text collate "C" not null,
  value text not null,
  primary key (experiment_id, key)
);

-- Number 0 is the one that runs of no named experiment belong to. A database may hold an experiment of its name already.
insert into experiments (id, name, created_ms, created_by, updated_ms)
select 0, case when exists (select 1 from experiments where name = 'Default') then 'Default (0)' else 'Default' end,
  max(applied_ms), 'slipway', max(applied_ms)
from schema_migrations;

-- with_experiment: 1 when it was deleted together with its experiment, and so comes back with it.
alter table runs add column user_id text;
alter table runs add column artifact_uri text;
alter table runs add column deleted_ms bigint;
alter table runs add column with_experiment integer not null default 0;
create index runs_deleted on runs (deleted_ms) where deleted_ms is not null;

-- A run's name and parent are tags as well, so that both can be searched as either.
insert into run_tags (run_id, key, value) select id, 'mlflow.runName', name from runs where true on conflict do nothing;
insert into run_tags (run_id, key, value)
select id, 'mlflow.parentRunId', parent_id from runs where parent_id is not null on conflict do nothing;

create table datasets (
  experiment_id bigint not null references experiments (id),
  name text collate "C" not null,
  digest text collate "C" not null,
  source_type text,
  source text not null,
  schema text,
  profile text,
  row_count bigint,
  primary key (experiment_id, name, digest)
);
insert into datasets (experiment_id, name, digest, source, row_count)
select r.experiment_id, i.name, i.digest, min(i.source), max(i.row_count)
from run_inputs i join runs r on r.id = i.run_id
group by r.experiment_id, i.name, i.digest;

-- tags: a JSON object of those beside the context.
alter table run_inputs drop column source;
alter table run_inputs drop column row_count;
alter table run_inputs add column tags text;

-- source_run_id may name a run that is gone.
create table logged_models (
  id text collate "C" primary key,
  experiment_id bigint not null references experiments (id),
  name text collate "C" not null,
  model_type text collate "C" not null,
  source_run_id text collate "C",
  status text collate "C" not null,
  artifact_uri text,
  created_ms bigint not null,
  created_by text not null,
  updated_ms bigint not null,
  deleted_ms bigint
);
create index logged_models_newest on logged_models (experiment_id, created_ms desc, id);
create index logged_models_run on logged_models (source_run_id) where source_run_id is not null;
create index logged_models_deleted on logged_models (deleted_ms) where deleted_ms is not null;

create table logged_model_params (
  model_id text collate "C" not null references logged_models (id),
  key text collate "C" not null,
  value text not null,
  primary key (model_id, key)
);

create table logged_model_tags (
  model_id text collate "C" not null references logged_models (id),
  key text collate "C" not null,
  value text not null,
  primary key (model_id, key)
);

create table run_model_inputs (
  run_id text collate "C" not null references runs (id),
  model_id text collate "C" not null references logged_models (id),
  primary key (run_id, model_id)
);

create table run_model_outputs (
  run_id text collate "C" not null references runs (id),
  model_id text collate "C" not null references logged_models (id),
  step bigint not null,
  primary key (run_id, model_id)
);
