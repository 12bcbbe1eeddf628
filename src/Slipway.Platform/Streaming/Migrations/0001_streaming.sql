create table stream_topics (
  topic text collate "C" primary key,
  watermark_us bigint not null
);

create table stream_views (
  view text collate "C" primary key,
  topic text collate "C" not null,
  epoch bigint not null,
  history_until_us bigint,
  watermark_us bigint,
  snapshot_offset bigint not null,
  events bigint not null,
  late_events bigint not null
);

create table stream_state (
  view text collate "C" not null,
  part integer not null,
  state bytea not null,
  primary key (view, part)
);

create table stream_dead_letters (
  topic text collate "C" not null,
  event_offset bigint not null,
  view text collate "C" not null,
  event_id text not null,
  event_time_us bigint not null,
  cause text not null,
  payload bytea not null,
  created_ms bigint not null,
  primary key (topic, event_offset, view)
);
