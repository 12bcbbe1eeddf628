alter table feature_materialisations add column violations text;
