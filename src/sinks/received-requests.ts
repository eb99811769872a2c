import type { Pool } from 'pg';

/** Ids of requests that were received, so that each is done once. */
export const RECEIVED_REQUESTS_SQL = `CREATE TABLE IF NOT EXISTS freshet.received_requests (
  id text COLLATE "C" PRIMARY KEY,
  fingerprint text NOT NULL,
  answer text,
  claimed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN freshet.received_requests.answer IS 'NULL while the request is worked on';
CREATE INDEX IF NOT EXISTS received_requests_claimed_at ON freshet.received_requests (claimed_at)`;

/** A claim whose process died is free again after this; longer than any request lives. */
const CLAIM_SECONDS = 120;

export type Claim =
  | { readonly kind: 'mine' }
  /** Another request with this id is worked on. */
  | { readonly kind: 'busy' }
  /** The id stands for another request. */
  | { readonly kind: 'other' }
  | { readonly kind: 'done'; readonly answer: string };

export class ReceivedRequests {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** `fingerprint`: of the content. Who gets 'mine' has to `finish` or to `release`. */
  async claim(id: string, fingerprint: string): Promise<Claim> {
    const claimed = await this.#pool.query(
      `INSERT INTO freshet.received_requests AS r (id, fingerprint) VALUES ($1, $2)
       ON CONFLICT (id) DO UPDATE SET claimed_at = now()
       WHERE r.answer IS NULL AND r.fingerprint = EXCLUDED.fingerprint
         AND r.claimed_at < now() - make_interval(secs => ${CLAIM_SECONDS})`,
      [id, fingerprint],
    );
    if (claimed.rowCount === 1) return { kind: 'mine' };
    const { rows } = await this.#pool.query<{ fingerprint: string; answer: string | null }>(
      'SELECT fingerprint, answer FROM freshet.received_requests WHERE id = $1',
      [id],
    );
    const [known] = rows;
    // Released between the two statements: the sender comes again.
    if (known === undefined) return { kind: 'busy' };
    if (known.fingerprint !== fingerprint) return { kind: 'other' };
    return known.answer === null ? { kind: 'busy' } : { kind: 'done', answer: known.answer };
  }

  async finish(id: string, answer: string): Promise<void> {
    await this.#pool.query('UPDATE freshet.received_requests SET answer = $2 WHERE id = $1', [id, answer]);
  }

  async release(id: string): Promise<void> {
    await this.#pool.query('DELETE FROM freshet.received_requests WHERE id = $1 AND answer IS NULL', [id]);
  }

  async forget(olderThanHours: number): Promise<void> {
    await this.#pool.query(
      'DELETE FROM freshet.received_requests WHERE claimed_at < now() - make_interval(hours => $1)',
      [olderThanHours],
    );
  }
}
