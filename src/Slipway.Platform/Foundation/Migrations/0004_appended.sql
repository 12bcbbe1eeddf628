alter table events add column appended_us bigint not null default 0;
