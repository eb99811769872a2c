import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { POISON } from './copies-pipeline.ts';

const KEYS = 2_000;

/** Inserts, updates and deletes rows of `originals`, each change with a higher version; counts the poison. */
export class OriginalsWriter {
  readonly #pool: Pool;
  readonly #random: () => number;
  readonly #done: Promise<void>;
  /** Rows whose every further change would be poison again. */
  readonly #poisoned = new Set<number>();
  #stopping = false;
  #version = 0;
  poison = 0;
  changes = 0;

  constructor(pool: Pool, random: () => number) {
    this.#pool = pool;
    this.#random = random;
    this.#done = this.#write();
    this.#done.catch(() => {});
  }

  static async prepare(pool: Pool): Promise<void> {
    await pool.query('CREATE TABLE originals (id int PRIMARY KEY, version int8, body text)');
    await pool.query('ALTER TABLE originals ALTER body SET STORAGE EXTERNAL');
    await pool.query(
      `INSERT INTO originals SELECT i, 0, repeat(i::text, 900) FROM generate_series(1, ${KEYS}) i`,
    );
  }

  /** Stops, and leaves no poison in the table. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
    for (const id of this.#poisoned) await this.#upsert(id, ++this.#version, 'good in the end');
  }

  async #write(): Promise<void> {
    while (!this.#stopping) {
      for (let i = 0; i < 40; i++) await this.#change();
      await sleep(50);
    }
  }

  async #change(): Promise<void> {
    const id = 1 + Math.floor(this.#random() * KEYS);
    const version = ++this.#version;
    this.changes++;
    const kind = this.#random();
    const isPoisoned = this.#poisoned.delete(id);
    if (kind < 0.05) await this.#pool.query('DELETE FROM originals WHERE id = $1', [id]);
    else if (kind < 0.055) await this.#poison(id, version);
    // The body is not touched: the change does not carry it.
    else if (kind < 0.5 && !isPoisoned)
      await this.#pool.query('UPDATE originals SET version = $2 WHERE id = $1', [id, version]);
    else await this.#upsert(id, version, String(version).repeat(this.#random() < 0.5 ? 1 : 600));
  }

  async #poison(id: number, version: number): Promise<void> {
    this.#poisoned.add(id);
    await this.#upsert(id, version, `${POISON} ${++this.poison}`);
  }

  async #upsert(id: number, version: number, body: string): Promise<void> {
    await this.#pool.query(
      `INSERT INTO originals VALUES ($1, $2, $3)
       ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version, body = EXCLUDED.body`,
      [id, version, body],
    );
  }
}
