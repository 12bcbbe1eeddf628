create table feature_reads (
  view text collate "C" not null,
  feature text collate "C" not null,
  reader text collate "C" not null,
  last_day bigint not null,
  primary key (view, feature, reader)
);
