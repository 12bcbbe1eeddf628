create table monitors (
  endpoint text collate "C" primary key,
  definition text not null,
  reference_version text,
  updated_ms bigint not null
);

create table monitor_references (
  endpoint text collate "C" not null,
  model_version text collate "C" not null,
  source text not null,
  profile_blob text not null,
  summary text not null,
  created_ms bigint not null,
  primary key (endpoint, model_version)
);

create table monitor_cursors (
  endpoint text collate "C" not null,
  window_us bigint not null,
  next_start_us bigint not null,
  primary key (endpoint, window_us)
);

create table monitor_windows (
  endpoint text collate "C" not null,
  window_us bigint not null,
  start_us bigint not null,
  end_us bigint not null,
  reference_version text,
  predictions bigint not null,
  latency_p50_us bigint,
  latency_p95_us bigint,
  latency_p99_us bigint,
  scores text,
  arms text not null,
  drift text not null,
  tested integer not null,
  drifted integer not null,
  performance text not null,
  labelled bigint,
  judgements integer not null,
  closed_ms bigint not null,
  judged_ms bigint,
  next_look_us bigint,
  primary key (endpoint, window_us, start_us)
);
create index monitor_windows_by_time on monitor_windows (endpoint, start_us, window_us);
create index monitor_windows_to_judge on monitor_windows (endpoint, next_look_us) where next_look_us is not null;

create table drift_results (
  endpoint text collate "C" not null,
  window_us bigint not null,
  start_us bigint not null,
  feature text collate "C" not null,
  aspect text collate "C" not null,
  verdict text not null,
  method text not null,
  statistic double precision,
  p_value double precision,
  adjusted_p double precision,
  effect_method text not null,
  effect double precision,
  effect_floor double precision not null,
  reference_count bigint not null,
  current_count bigint not null,
  reason text not null,
  histogram text,
  primary key (endpoint, start_us, window_us, feature, aspect)
);
create index drift_results_by_feature on drift_results (endpoint, feature, start_us);

create table quality_results (
  endpoint text collate "C" not null,
  window_us bigint not null,
  start_us bigint not null,
  model_version text collate "C" not null,
  role text collate "C" not null,
  predictions bigint not null,
  metrics text,
  judgement integer not null,
  judged_ms bigint not null,
  primary key (endpoint, start_us, window_us, model_version, role)
);

-- One row per window and thing that rules look at: a rule over k of n windows reads n of them.
create table monitor_verdicts (
  endpoint text collate "C" not null,
  window_us bigint not null,
  start_us bigint not null,
  kind text collate "C" not null,
  subject text collate "C" not null,
  finding text not null,
  value double precision,
  reason text not null,
  primary key (endpoint, window_us, start_us, kind, subject)
);

create table alerts (
  id text collate "C" primary key,
  endpoint text collate "C" not null,
  rule text collate "C" not null,
  kind text not null,
  subject text collate "C" not null,
  window_us bigint not null,
  severity text not null,
  owner text,
  state text not null,
  first_window_us bigint not null,
  last_window_us bigint not null,
  windows integer not null,
  last_value double precision,
  reason text not null,
  model_version text,
  opened_ms bigint not null,
  acknowledged_by text,
  acknowledged_ms bigint,
  resolved_ms bigint
);
create unique index alerts_open on alerts (endpoint, rule, subject) where resolved_ms is null;
create index alerts_by_endpoint on alerts (endpoint, id);

create table monitor_triggers (
  id text collate "C" primary key,
  endpoint text collate "C" not null,
  pipeline text not null,
  cause text collate "C" not null,
  window_us bigint not null,
  start_us bigint not null,
  end_us bigint not null,
  reason text not null,
  created_ms bigint not null
);
create unique index monitor_triggers_by_cause on monitor_triggers (endpoint, cause);
create index monitor_triggers_by_end on monitor_triggers (endpoint, end_us);
