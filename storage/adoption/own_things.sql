-- What a club has of its own in and around the schema $1, beside the tables $2 that Touchline knows. All of it stays
-- with the old tables when their schema is set aside: views, keys and triggers follow a table, whatever its name.
SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view' ELSE 'table' END || ' ' || c.oid::regclass
  FROM pg_class c
 WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
   AND c.relname <> ALL ($2::text[])
UNION ALL
SELECT 'trigger ' || quote_ident(t.tgname) || ' on ' || t.tgrelid::regclass
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.relnamespace = $1::regnamespace AND NOT t.tgisinternal AND t.tgparentid = 0
UNION ALL
SELECT 'function ' || p.oid::regprocedure
  FROM pg_proc p
 WHERE p.pronamespace = $1::regnamespace
UNION ALL
SELECT DISTINCT 'view ' || v.oid::regclass
  FROM pg_depend d
  JOIN pg_rewrite r ON r.oid = d.objid
  JOIN pg_class v ON v.oid = r.ev_class
  JOIN pg_class c ON c.oid = d.refobjid
 WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
   AND c.relnamespace = $1::regnamespace AND v.relnamespace <> $1::regnamespace
UNION ALL
SELECT DISTINCT 'foreign key of ' || k.conrelid::regclass || ' to ' || k.confrelid::regclass
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.confrelid JOIN pg_class o ON o.oid = k.conrelid
 WHERE k.contype = 'f' AND c.relnamespace = $1::regnamespace AND o.relnamespace <> $1::regnamespace
 ORDER BY 1
