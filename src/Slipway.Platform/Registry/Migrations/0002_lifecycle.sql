alter table registered_models add column project text collate "C" not null default 'default';
alter table registered_models add column governed integer not null default 1;
alter table registered_models add column promoters text not null default 'contributor';
create index registered_models_project on registered_models (project);

-- blob_key is empty and signature is the JSON null where a version has nothing that can be served.
alter table model_versions add column source text;
alter table model_versions add column run_link text not null default '';
alter table model_versions add column model_id text collate "C";
alter table model_versions add column not_servable text;
alter table model_versions add column manifest text;
alter table model_versions add column manifest_key text;
alter table model_versions add column manifest_signature text;
create index model_versions_stage on model_versions (model, stage, number);
create index model_versions_updated on model_versions (updated_ms desc, model, number desc);

-- A version that is gone leaves its name behind: approvals, lineage and the audit log still speak of it.
create table deleted_model_versions (
  model text collate "C" not null references registered_models (name),
  version text collate "C" not null,
  number integer not null,
  primary key (model, version)
);

-- What a package holds beside the model itself; small documents lie in the row, larger ones are blobs.
create table model_version_files (
  model text collate "C" not null,
  number integer not null,
  name text collate "C" not null,
  bytes bigint not null,
  sha256 text not null,
  blob_key text,
  content text,
  primary key (model, number, name),
  foreign key (model, number) references model_versions (model, number)
);
