create table jobs (
  id text collate "C" primary key,
  kind text not null,
  payload text not null,
  state text not null,
  dedupe_key text,
  run_at_ms bigint not null,
  attempts integer not null,
  max_attempts integer not null,
  lease_owner text,
  lease_until_ms bigint,
  last_error text,
  result text,
  created_ms bigint not null,
  finished_ms bigint
);
create unique index jobs_dedupe on jobs (kind, dedupe_key) where dedupe_key is not null;
create index jobs_due on jobs (run_at_ms) where state = 'queued';
create index jobs_leased on jobs (lease_until_ms) where state = 'running';

create table schedules (
  name text collate "C" primary key,
  cron text not null,
  time_zone text not null,
  kind text not null,
  payload text not null,
  next_run_ms bigint not null,
  last_run_ms bigint,
  enabled boolean not null
);
create index schedules_due on schedules (next_run_ms);
