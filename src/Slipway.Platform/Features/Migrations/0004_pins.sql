alter table feature_definitions add column uses text;

create table feature_pins (
  holder text collate "C" primary key,
  services text not null,
  sequence bigint not null
);
