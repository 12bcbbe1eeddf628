create table audit_log (
  seq bigint primary key,
  at_ms bigint not null,
  actor text not null,
  action text not null,
  object text not null,
  detail text not null,
  previous_hash text not null,
  hash text not null
);
create index audit_log_object on audit_log (object, seq);
create index audit_log_actor on audit_log (actor, seq);

-- One row: the end of the chain. Updating it is the lock that keeps the chain one.
create table audit_head (
  id integer primary key,
  seq bigint not null,
  hash text not null
);
insert into audit_head (id, seq, hash)
values (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

create table approvals (
  id text collate "C" primary key,
  subject text not null,
  action text not null,
  reason text not null,
  requested_by text not null,
  requested_ms bigint not null,
  required integer not null,
  state text not null,
  decided_ms bigint
);
create unique index approvals_pending on approvals (subject, action) where state = 'pending';
create index approvals_subject on approvals (subject, action, state);

create table approval_decisions (
  approval_id text collate "C" not null references approvals (id),
  approver text not null,
  decision text not null,
  comment text not null,
  decided_ms bigint not null,
  primary key (approval_id, approver)
);
