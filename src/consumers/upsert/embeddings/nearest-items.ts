import type { ClientBase } from 'pg';
import type { VectorType } from './embedding-tables.ts';

export interface NearItem {
  readonly sku: string;
  readonly name: string | null;
  readonly brand: string | null;
  readonly category: string | null;
  /** Of the angle between the two texts: 1 is the same direction. */
  readonly cosine: number;
}

/** The items whose embeddings by this model are nearest to a vector of length 1, the nearest first. */
export async function nearestItems(
  client: ClientBase,
  type: VectorType,
  query: { readonly model: string; readonly vector: readonly number[]; readonly limit: number },
): Promise<NearItem[]> {
  const { model, vector, limit } = query;
  const dimensions = vector.length;
  const [near, text] =
    type === 'vector'
      ? [`1 - ((e.embedding::vector(${dimensions})) <=> $1::vector(${dimensions}))`, `[${vector.join(',')}]`]
      : ['(SELECT sum(a * b) FROM unnest(e.embedding, $1::real[]) AS pair(a, b))', `{${vector.join(',')}}`];
  // The index is asked by the distance itself.
  const order =
    type === 'vector' ? `(e.embedding::vector(${dimensions})) <=> $1::vector(${dimensions})` : `${near} DESC`;
  const { rows } = await client.query<NearItem>(
    `SELECT i.sku, i.name, i.brand, i.category, (${near})::float8 AS cosine
       FROM public.item_embeddings e JOIN public.items i ON i.sku = e.sku
      WHERE e.model = $2 AND e.dimensions = ${dimensions} ORDER BY ${order} LIMIT $3`,
    [text, model, limit],
  );
  return rows;
}
