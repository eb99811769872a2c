import type { ClientBase, Pool } from 'pg';
import { textArray } from '../../../sinks/array-parameter.ts';
import { inTransaction } from '../../../sinks/target-pool.ts';
import type { VectorType } from './embedding-tables.ts';

interface Claim {
  readonly sku: string;
  /** Where it stands in the queue: another one by the end says that the text changed meanwhile. */
  readonly place: string;
  readonly failures: number;
}

/** An item of the queue whose text is to be embedded. */
export interface ClaimedItem extends Claim {
  readonly text: string;
  readonly hash: string;
}

interface QueueRow extends ClaimedItem {
  /** The embedding that is there is what it should be. */
  readonly right: boolean;
}

/** When an embedding has to be made anew although its text is the same. */
export interface Freshness {
  readonly model: string;
  /** Null: embeddings do not age. */
  readonly maxAgeDays: number | null;
}

/** Longer than a batch takes, tries included: the items of a process that died come up again after this. */
const CLAIM_SECONDS = 300;
/** pgvector's limit for an index. */
const MAX_INDEXED_DIMENSIONS = 2_000;

const TOO_OLD = `($2::int IS NOT NULL AND e.embedded_at < now() - make_interval(days => $2::int))`;

export class EmbeddingStore {
  readonly #pool: Pool;
  readonly #type: VectorType;
  readonly #freshness: Freshness;
  readonly #indexed = new Set<number>();

  constructor(pool: Pool, type: VectorType, freshness: Freshness) {
    this.#pool = pool;
    this.#type = type;
    this.#freshness = freshness;
  }

  /** Queues what no trigger saw: items from before, another model, age. Gives how many. For a client of its own: it reads all items. */
  async scan(client: ClientBase): Promise<number> {
    const { model, maxAgeDays } = this.#freshness;
    await client.query(
      'DELETE FROM public.item_embeddings e WHERE NOT EXISTS (SELECT FROM public.items i WHERE i.sku = e.sku)',
    );
    const queued = await client.query(
      `INSERT INTO freshet.embedding_queue (sku, priority, place)
       SELECT i.sku, CASE WHEN e.sku IS NULL OR e.model <> $1 THEN 1 WHEN ${TOO_OLD} THEN 2 ELSE 0 END,
              -nextval('freshet.embedding_places')
         FROM public.items i LEFT JOIN public.item_embeddings e ON e.sku = i.sku
        WHERE freshet.item_text(i) <> ''
          AND (e.sku IS NULL OR e.model <> $1 OR ${TOO_OLD} OR e.text_hash <> freshet.text_hash(freshet.item_text(i)))
       ON CONFLICT (sku) DO NOTHING`,
      [model, maxAgeDays],
    );
    return queued.rowCount ?? 0;
  }

  /** Items to embed, the freshest changes first; empty where nothing is left. What needs no embedding leaves the queue. */
  async claim(limit: number): Promise<ClaimedItem[]> {
    for (;;) {
      const rows = await this.#claimSome(limit);
      const empty = rows.filter(({ text }) => text === '');
      const right = rows.filter(({ right, text }) => right && text !== '');
      if (empty.length + right.length > 0) await this.#leave([...empty, ...right], empty);
      const left = rows.filter(({ right, text }) => !right && text !== '');
      if (left.length > 0 || rows.length === 0) return left;
    }
  }

  async #claimSome(limit: number): Promise<QueueRow[]> {
    return inTransaction(this.#pool, async (client) => this.#texts(client, await claimed(client, limit)));
  }

  /**
   * In a statement behind the claim: a text that changed while that ran has its new place, and one statement would
   * read the old text with it.
   */
  async #texts(client: ClientBase, claims: readonly Claim[]): Promise<QueueRow[]> {
    const { rows } = await client.query<QueueRow>(
      `SELECT c.sku, c.place::text AS place, c.failures, coalesce(t.text, '') AS text, freshet.text_hash(coalesce(t.text, '')) AS hash,
              coalesce(e.model = $1 AND NOT ${TOO_OLD} AND e.text_hash = freshet.text_hash(t.text), false) AS right
         FROM unnest($3::text[], $4::bigint[], $5::int[]) AS c(sku, place, failures)
              LEFT JOIN public.items i ON i.sku = c.sku
              CROSS JOIN LATERAL (SELECT freshet.item_text(i) AS text) t
              LEFT JOIN public.item_embeddings e ON e.sku = c.sku`,
      [
        this.#freshness.model,
        this.#freshness.maxAgeDays,
        textArray(claims.map(({ sku }) => sku)),
        textArray(claims.map(({ place }) => place)),
        claims.map(({ failures }) => failures),
      ],
    );
    return rows;
  }

  /** Keeps the vectors, in the order of the items; a text that changed meanwhile stays in the queue. */
  async save(items: readonly ClaimedItem[], vectors: readonly (readonly number[])[]): Promise<void> {
    const [open, close] = this.#type === 'vector' ? ['[', ']'] : ['{', '}'];
    const dimensions = vectors[0]?.length ?? 0;
    await inTransaction(this.#pool, async (client) => {
      await client.query(
        `INSERT INTO public.item_embeddings AS e (sku, embedding, model, dimensions, text_hash)
         SELECT n.sku, n.embedding::${this.#type}, $1, $2, n.hash
           FROM unnest($3::text[], $4::text[], $5::text[]) AS n(sku, embedding, hash)
          WHERE EXISTS (SELECT FROM public.items i WHERE i.sku = n.sku) ORDER BY n.sku
         ON CONFLICT (sku) DO UPDATE SET embedding = EXCLUDED.embedding, model = EXCLUDED.model,
           dimensions = EXCLUDED.dimensions, text_hash = EXCLUDED.text_hash, embedded_at = now()`,
        [
          this.#freshness.model,
          dimensions,
          textArray(items.map(({ sku }) => sku)),
          textArray(vectors.map((vector) => `${open}${vector.join(',')}${close}`)),
          textArray(items.map(({ hash }) => hash)),
        ],
      );
      await leaveQueue(client, items);
    });
    await this.#index(dimensions);
  }

  /** Puts items off: nobody takes them before. */
  async postpone(items: readonly ClaimedItem[], seconds: number, failed: boolean): Promise<void> {
    await this.#pool.query(
      `UPDATE freshet.embedding_queue q
          SET claimed_until = now() + make_interval(secs => $3), failures = failures + $4
         FROM unnest($1::text[], $2::bigint[]) AS n(sku, place) WHERE q.sku = n.sku AND q.place = n.place`,
      [
        textArray(items.map(({ sku }) => sku)),
        textArray(items.map(({ place }) => place)),
        seconds,
        failed ? 1 : 0,
      ],
    );
  }

  /** Items that need an embedding. */
  stale(): Promise<number> {
    return countStale(this.#pool);
  }

  async #leave(items: readonly ClaimedItem[], withoutText: readonly ClaimedItem[]): Promise<void> {
    await inTransaction(this.#pool, async (client) => {
      await client.query('DELETE FROM public.item_embeddings WHERE sku = ANY ($1::text[])', [
        textArray(withoutText.map(({ sku }) => sku)),
      ]);
      await leaveQueue(client, items);
    });
  }

  async #index(dimensions: number): Promise<void> {
    if (this.#type !== 'vector' || dimensions > MAX_INDEXED_DIMENSIONS || this.#indexed.has(dimensions))
      return;
    await this.#pool.query(
      `CREATE INDEX IF NOT EXISTS item_embeddings_${dimensions} ON public.item_embeddings
       USING hnsw ((embedding::vector(${dimensions})) vector_cosine_ops) WHERE dimensions = ${dimensions}`,
    );
    this.#indexed.add(dimensions);
  }
}

/** Items that need an embedding; the tables of embeddings are there. */
export async function countStale(client: ClientBase | Pool): Promise<number> {
  const { rows } = await client.query<{ n: string }>('SELECT count(*) AS n FROM freshet.embedding_queue');
  return Number(rows[0]?.n ?? 0);
}

async function claimed(client: ClientBase, limit: number): Promise<Claim[]> {
  const { rows } = await client.query<Claim>(
    `UPDATE freshet.embedding_queue q SET claimed_until = now() + make_interval(secs => ${CLAIM_SECONDS})
       FROM (SELECT sku FROM freshet.embedding_queue WHERE claimed_until < now()
             ORDER BY priority, place LIMIT $1 FOR UPDATE SKIP LOCKED) next
      WHERE q.sku = next.sku RETURNING q.sku, q.place::text AS place, q.failures`,
    [limit],
  );
  return rows;
}

async function leaveQueue(client: ClientBase, items: readonly ClaimedItem[]): Promise<void> {
  await client.query(
    `DELETE FROM freshet.embedding_queue q USING unnest($1::text[], $2::bigint[]) AS n(sku, place)
     WHERE q.sku = n.sku AND q.place = n.place`,
    [textArray(items.map(({ sku }) => sku)), textArray(items.map(({ place }) => place))],
  );
}
