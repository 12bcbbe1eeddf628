-- Points that are acknowledged and not yet sorted into metrics and latest_metrics; packed by PackedPoints. A batch is one row
-- here, appended, where sorting it at once would touch a page for each of its keys. What removes a run empties this first.
create table metric_log (
  experiment_id bigint not null,
  run_id text collate "C" not null references runs (id),
  id text collate "C" not null,
  points bytea not null,
  primary key (run_id, id)
)/*sqlite: without rowid*/;
create index metric_log_experiment on metric_log (experiment_id);

-- Without a foreign key: only what was in metric_log comes here, while its row there is locked.
alter table metrics rename to metrics_before;
create table metrics (
  run_id text collate "C" not null,
  key text collate "C" not null,
  step bigint not null,
  ts_ms bigint not null,
  kind integer not null,
  value double precision not null,
  primary key (run_id, key, step, ts_ms, kind, value)
)/*sqlite: without rowid*/;
insert into metrics (run_id, key, step, ts_ms, kind, value)
select run_id, key, step, ts_ms, kind, value from metrics_before order by run_id, key, step, ts_ms, kind, value;
drop table metrics_before;

-- The experiment of the run, so that the runs of an experiment can be walked in the order of a metric.
alter table latest_metrics rename to latest_metrics_before;
create table latest_metrics (
  run_id text collate "C" not null,
  key text collate "C" not null,
  experiment_id bigint not null,
  step bigint not null,
  ts_ms bigint not null,
  kind integer not null,
  value double precision not null,
  primary key (run_id, key)
)/*sqlite: without rowid*/;
insert into latest_metrics (run_id, key, experiment_id, step, ts_ms, kind, value)
select m.run_id, m.key, r.experiment_id, m.step, m.ts_ms, m.kind, m.value
from latest_metrics_before m join runs r on r.id = m.run_id order by m.run_id, m.key;
drop table latest_metrics_before;
create index latest_metrics_order on latest_metrics (experiment_id, key, kind, value, run_id);

-- Runs that start at the same millisecond follow by id.
drop index runs_newest;
create index runs_newest on runs (experiment_id, start_ms desc, id);

-- A value may be longer than an index takes.
create index run_params_value on run_params (key, substr(value, 1, 100), run_id);
create index run_tags_value on run_tags (key, substr(value, 1, 100), run_id);

-- Points of logged models. Dataset name and digest are empty where the point names none.
create table logged_model_metrics (
  model_id text collate "C" not null references logged_models (id),
  run_id text collate "C" not null references runs (id),
  key text collate "C" not null,
  step bigint not null,
  ts_ms bigint not null,
  kind integer not null,
  value double precision not null,
  dataset_name text collate "C" not null,
  dataset_digest text collate "C" not null,
  primary key (model_id, key, step, ts_ms, kind, value, dataset_name, dataset_digest, run_id)
);
