create table principals (
  name text collate "C" primary key,
  kind text not null,
  role text not null,
  disabled boolean not null,
  created_ms bigint not null
);

create table principal_grants (
  principal text collate "C" not null references principals (name) on delete cascade,
  scope text collate "C" not null,
  role text not null,
  primary key (principal, scope)
);
create index principal_grants_scope on principal_grants (scope, principal);

-- The hash is all that is kept of a key: 64 hex digits of SHA-256 over its random secret.
create table api_keys (
  id text collate "C" primary key,
  principal text collate "C" not null references principals (name) on delete cascade,
  description text not null,
  hash text not null,
  scopes text not null,
  created_by text not null,
  created_ms bigint not null,
  expires_ms bigint,
  last_used_ms bigint,
  revoked_ms bigint
);
create index api_keys_principal on api_keys (principal, id);

create table approval_policies (
  scope text collate "C" primary key,
  required integer not null,
  author_may_approve boolean not null
);

-- Whose rules an approval follows. Null for what was asked before, and for subjects that are no models: the server's rules.
alter table approvals add column project text;
alter table approvals add column model text;
alter table approvals add column author text;
