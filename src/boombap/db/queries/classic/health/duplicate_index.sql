-- Indexes that equal an older one of the same table, whatever their names.
SELECT quote_ident(schema.nspname) || '.' || quote_ident(class.relname) AS subject,
       'the same index as ' || quote_ident(schema.nspname) || '.' || quote_ident(kept.relname) AS summary
  FROM pg_index AS index
  JOIN pg_index AS older
    ON older.indrelid = index.indrelid AND older.indkey::text = index.indkey::text
   AND older.indclass::text = index.indclass::text AND older.indcollation::text = index.indcollation::text
   AND older.indoption::text = index.indoption::text AND older.indnkeyatts = index.indnkeyatts
   AND coalesce(older.indexprs::text, '') = coalesce(index.indexprs::text, '')
   AND coalesce(older.indpred::text, '') = coalesce(index.indpred::text, '')
   AND older.indexrelid < index.indexrelid
  JOIN pg_class AS class ON class.oid = index.indexrelid
  JOIN pg_class AS kept ON kept.oid = older.indexrelid AND kept.relam = class.relam
  JOIN pg_namespace AS schema ON schema.oid = class.relnamespace
 WHERE index.indisvalid AND older.indisvalid AND NOT index.indisunique AND NOT class.relispartition
   AND schema.nspname !~ '^pg_' AND schema.nspname <> 'information_schema'
 ORDER BY subject
