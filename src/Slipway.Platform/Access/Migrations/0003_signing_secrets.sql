-- Secrets with which holders of keys sign requests (AWS Signature Version 4). A signature is checked with the secret itself, so it is kept
-- as it is; only keys that were asked for with one have a row here.
create table key_signing_secrets (
  key_id text collate "C" primary key references api_keys (id) on delete cascade,
  secret text not null
);
