create table endpoints (
  name text collate "C" primary key,
  revision bigint not null,
  definition text not null,
  updated_ms bigint not null
);

create table endpoint_revisions (
  endpoint text collate "C" not null,
  revision bigint not null,
  definition text not null,
  actor text not null,
  reason text not null,
  created_ms bigint not null,
  primary key (endpoint, revision)
);

create table predictions (
  id text collate "C" primary key,
  endpoint text collate "C" not null,
  revision bigint not null,
  model_version text not null,
  role text not null,
  event_time_us bigint not null,
  created_ms bigint not null,
  score double precision not null,
  label boolean not null,
  features bytea not null,
  latency_us bigint not null,
  routing_key text
);
create index predictions_by_time on predictions (endpoint, event_time_us);

create table prediction_failures (
  id text collate "C" primary key,
  endpoint text collate "C" not null,
  revision bigint not null,
  model_version text not null,
  role text not null,
  created_ms bigint not null,
  reason text not null
);

-- What each arm of a revision's traffic split was given: kept with the log, so that no decision counts a million rows.
create table traffic_counts (
  endpoint text collate "C" not null,
  revision bigint not null,
  role text not null,
  predictions bigint not null,
  units bigint not null,
  failures bigint not null,
  primary key (endpoint, revision, role)
);

-- The keys a running canary has seen: the unit of randomisation is the key, not the row.
create table traffic_keys (
  endpoint text collate "C" not null,
  revision bigint not null,
  routing_key text collate "C" not null,
  primary key (endpoint, revision, routing_key)
);

create table outcomes (
  prediction_id text collate "C" primary key,
  value double precision not null,
  event_time_us bigint not null,
  received_ms bigint not null
);

-- Outcomes that no canary has looked at yet; filled in the transaction that records them, emptied in the one that counts them.
create table uncounted_outcomes (
  prediction_id text collate "C" primary key,
  received_ms bigint not null
);

create table rollouts (
  id text collate "C" primary key,
  endpoint text collate "C" not null,
  model text not null,
  champion text not null,
  challenger text not null,
  plan text not null,
  approval_id text,
  state text not null,
  evidence text not null,
  reason text not null,
  actor text not null,
  cause text not null,
  started_ms bigint not null,
  finished_ms bigint
);
create unique index rollouts_running on rollouts (endpoint) where state = 'running';
create index rollouts_by_endpoint on rollouts (endpoint, id);
