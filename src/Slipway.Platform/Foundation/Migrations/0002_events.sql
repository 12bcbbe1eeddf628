create table topics (
  name text collate "C" primary key,
  next_offset bigint not null
);

create table events (
  topic text collate "C" not null,
  event_offset bigint not null,
  event_id text collate "C" not null,
  event_key text,
  event_time_us bigint not null,
  payload bytea not null,
  primary key (topic, event_offset)
);
create unique index events_by_id on events (topic, event_id);

create table consumer_offsets (
  topic text collate "C" not null,
  consumer text collate "C" not null,
  next_offset bigint not null,
  primary key (topic, consumer)
);
