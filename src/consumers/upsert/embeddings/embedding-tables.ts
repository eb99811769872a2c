import type { ClientBase } from 'pg';
import { migrateTarget } from '../../../sinks/schema.ts';

/**
 * What items are found by: their texts, cut, as models read no more of them. The queue holds every item whose
 * embedding is missing, of another text, of another model or too old: triggers put changes in, a scan the others.
 * `priority`: 0 a changed text, 1 missing, 2 too old. Of one priority the lower `place` comes first; what is missing
 * is queued downwards, so that a new item is not behind a backfill.
 */
const QUEUE_SQL = `
  CREATE TABLE freshet.embedding_queue (
    sku text PRIMARY KEY,
    priority smallint NOT NULL,
    place bigint NOT NULL,
    claimed_until timestamptz NOT NULL DEFAULT '-infinity',
    failures int NOT NULL DEFAULT 0
  );
  CREATE INDEX embedding_queue_order ON freshet.embedding_queue (priority, place);
  CREATE SEQUENCE freshet.embedding_places;
  CREATE FUNCTION freshet.item_text(i public.items) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT left(concat_ws(E'\\n', i.name, i.brand, coalesce(array_to_string(i.category_path, ' > '), i.category), i.description), 1000) $$;
  CREATE FUNCTION freshet.text_hash(t text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(t, 'UTF8')), 'hex') $$;

  CREATE FUNCTION freshet.items_inserted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO freshet.embedding_queue AS q (sku, priority, place)
      SELECT sku, 1, -nextval('freshet.embedding_places') FROM new_items ORDER BY sku
      ON CONFLICT (sku) DO UPDATE SET place = EXCLUDED.place, claimed_until = '-infinity', failures = 0;
    RETURN NULL;
  END $$;
  CREATE FUNCTION freshet.items_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO freshet.embedding_queue AS q (sku, priority, place)
      SELECT n.sku, 0, nextval('freshet.embedding_places') FROM new_items n JOIN old_items o ON n.sku = o.sku
       WHERE (n.name, n.brand, n.category, n.category_path, n.description)
             IS DISTINCT FROM (o.name, o.brand, o.category, o.category_path, o.description) ORDER BY n.sku
      ON CONFLICT (sku) DO UPDATE SET priority = 0, place = EXCLUDED.place, claimed_until = '-infinity', failures = 0;
    RETURN NULL;
  END $$;
  CREATE FUNCTION freshet.items_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM freshet.embedding_queue q USING old_items o WHERE q.sku = o.sku;
    DELETE FROM public.item_embeddings e USING old_items o WHERE e.sku = o.sku;
    RETURN NULL;
  END $$;
  CREATE FUNCTION freshet.items_truncated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM freshet.embedding_queue;
    DELETE FROM public.item_embeddings;
    RETURN NULL;
  END $$;
  CREATE TRIGGER embeddings_insert AFTER INSERT ON public.items REFERENCING NEW TABLE AS new_items
    FOR EACH STATEMENT EXECUTE FUNCTION freshet.items_inserted();
  CREATE TRIGGER embeddings_update AFTER UPDATE ON public.items REFERENCING NEW TABLE AS new_items OLD TABLE AS old_items
    FOR EACH STATEMENT EXECUTE FUNCTION freshet.items_updated();
  CREATE TRIGGER embeddings_delete AFTER DELETE ON public.items REFERENCING OLD TABLE AS old_items
    FOR EACH STATEMENT EXECUTE FUNCTION freshet.items_deleted();
  CREATE TRIGGER embeddings_truncate AFTER TRUNCATE ON public.items
    FOR EACH STATEMENT EXECUTE FUNCTION freshet.items_truncated()`;

/** pgvector's type, or an array where that is not there. Decided once: a table that is there stays as it is. */
export type VectorType = 'vector' | 'real[]';

/** Creates the tables, the triggers on `items`, and pgvector's extension where it is to be had. `items` must be there. */
export async function migrateEmbeddings(client: ClientBase): Promise<VectorType> {
  const wanted: VectorType = (await hasVector(client)) ? 'vector' : 'real[]';
  const table = `CREATE TABLE IF NOT EXISTS public.item_embeddings (
    sku text PRIMARY KEY,
    embedding ${wanted} NOT NULL,
    model text NOT NULL,
    dimensions int NOT NULL,
    text_hash text NOT NULL,
    embedded_at timestamptz NOT NULL DEFAULT now()
  )`;
  const migrations = [
    { id: 'item-embeddings', sql: table },
    { id: 'embedding-queue', sql: QUEUE_SQL },
  ];
  await migrateTarget(client, [{ name: 'embeddings', targets: [], migrations }]);
  return (await vectorType(client)) ?? wanted;
}

/** Of the embeddings that are there; null where nobody ever asked for any. */
export async function vectorType(client: ClientBase): Promise<VectorType | null> {
  const { rows } = await client.query<{ type: string }>(
    `SELECT format_type(atttypid, NULL) AS type FROM pg_attribute
     WHERE attrelid = to_regclass('public.item_embeddings') AND attname = 'embedding'`,
  );
  const [column] = rows;
  if (column === undefined) return null;
  return column.type === 'real[]' ? 'real[]' : 'vector';
}

async function hasVector(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ installed: boolean }>(
    `SELECT installed_version IS NOT NULL AS installed FROM pg_available_extensions WHERE name = 'vector'`,
  );
  const [extension] = rows;
  if (extension === undefined || extension.installed) return extension !== undefined;
  // Who may not create it gets arrays.
  return client.query('CREATE EXTENSION IF NOT EXISTS vector').then(
    () => true,
    () => false,
  );
}
