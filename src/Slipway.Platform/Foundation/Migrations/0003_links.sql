-- Random keys that all servers on this database share, such as the one that signs links.
create table secrets (
  name text collate "C" primary key,
  value bytea not null
);

-- Finished jobs are removed by age.
create index jobs_finished on jobs (finished_ms) where state = 'succeeded';
