import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { atomically } from '../../../runtime/transactions.ts';
import { type CopyCell, copyRows } from '../../../sinks/copy-rows.ts';
import { readFeed } from './feed-file.ts';
import { type FeedReject, FeedRejects } from './feed-rejects.ts';
import { snapshotColumns, SNAPSHOT_COLUMNS } from './product-rows.ts';
import { freeName, type SnapshotOrigin, snapshotTable } from './snapshot-tables.ts';

export interface TakenSnapshot {
  readonly snapshot: string;
  readonly rows: number;
  /** Of a sku that comes again the first row counts. */
  readonly duplicates: number;
  /** Lines of the feed that are no products; only so many are named. */
  readonly rejected: number;
  readonly rejects: readonly FeedReject[];
  readonly contentHash: string;
}

interface SnapshotHooks {
  readonly signal: AbortSignal;
  readonly progress: (rows: number) => void;
}

const COLUMNS = SNAPSHOT_COLUMNS.join(', ');
const BATCH_ROWS = 2_000;

/** The source's products as one statement sees them. */
export async function snapshotOfTable(
  target: ClientBase,
  source: ClientBase,
  table: string,
  { signal, progress }: SnapshotHooks,
): Promise<TakenSnapshot> {
  return take(target, { origin: 'products', takenFrom: table }, async () => {
    const columns = await snapshotColumns({ client: source, table });
    const out = source.query(copyTo(`COPY (SELECT ${columns} FROM ${table}) TO STDOUT`));
    const into = target.query(copyFrom(`COPY pg_temp.arriving (${COLUMNS}) FROM STDIN`));
    await pipeline(out, new LineCounter(progress), into, { signal });
    return new FeedRejects();
  });
}

/** Throws USAGE on a file that cannot be read. */
export async function snapshotOfFeed(
  target: ClientBase,
  file: string,
  { signal, progress }: SnapshotHooks,
): Promise<TakenSnapshot> {
  return take(target, { origin: 'feed', takenFrom: file }, async () => {
    const rejects = new FeedRejects();
    let read = 0;
    let rows: (readonly CopyCell[])[] = [];
    const flush = async (): Promise<void> => {
      signal.throwIfAborted();
      await copyRows(target, 'pg_temp.arriving', SNAPSHOT_COLUMNS, rows);
      rows = [];
      progress(read);
    };
    for await (const row of readFeed(file)) {
      read += 1;
      if ('product' in row) rows.push(SNAPSHOT_COLUMNS.map((column) => row.product[column] ?? null));
      else rejects.add(row);
      if (rows.length === BATCH_ROWS) await flush();
    }
    await flush();
    return rejects;
  });
}

/** The table, its rows and its entry in the register: all of them or nothing. */
async function take(
  target: ClientBase,
  from: { readonly origin: SnapshotOrigin; readonly takenFrom: string },
  load: () => Promise<FeedRejects>,
): Promise<TakenSnapshot> {
  const taken = await atomically(target, async () => {
    await target.query(`SET LOCAL timezone = 'UTC'`);
    const snapshot = await freeName(target, new Date());
    const table = snapshotTable(snapshot);
    await target.query(
      `CREATE TEMP TABLE arriving (LIKE analytics.catalog_feed, n bigint GENERATED ALWAYS AS IDENTITY) ON COMMIT DROP`,
    );
    const { count: rejected, named: rejects } = await load();
    await target.query(`CREATE TABLE ${table} (LIKE analytics.catalog_feed)`);
    const arrived = await target.query<{ n: string }>('SELECT count(*) AS n FROM pg_temp.arriving');
    const kept = await target.query(
      `INSERT INTO ${table} SELECT DISTINCT ON (sku) ${COLUMNS} FROM pg_temp.arriving ORDER BY sku, n`,
    );
    const rows = kept.rowCount ?? 0;
    const duplicates = Number(arrived.rows[0]?.n ?? 0) - rows;
    await target.query(`ALTER TABLE ${table} ADD PRIMARY KEY (sku)`);
    const contentHash = await contentHashOf(target, table);
    await target.query(
      `INSERT INTO analytics.catalog_snapshots (snapshot, origin, taken_from, rows, duplicates, rejected, content_hash)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [snapshot, from.origin, from.takenFrom, rows, duplicates, rejected, contentHash],
    );
    return { snapshot, rows, duplicates, rejected, rejects, contentHash };
  });
  await target.query(`ANALYZE ${snapshotTable(taken.snapshot)}`);
  return taken;
}

/** 32 hexadecimal digits, whatever the order of the rows: they differ by their keys, so that none cancels another. */
async function contentHashOf(target: ClientBase, table: string): Promise<string> {
  const part = (seed: number): string =>
    `lpad(to_hex(coalesce(bit_xor(hashtextextended(t::text, ${seed})), 0)), 16, '0')`;
  const { rows } = await target.query<{ hash: string }>(
    `SELECT ${part(1)} || ${part(2)} AS hash FROM ${table} AS t`,
  );
  return rows[0]?.hash ?? '';
}

const LINE_FEED = 0x0a;

/** In COPY's text format a line feed ends a row, and stands nowhere else. */
class LineCounter extends Transform {
  readonly #progress: (rows: number) => void;
  #rows = 0;

  constructor(progress: (rows: number) => void) {
    super();
    this.#progress = progress;
  }

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error: null, data: Buffer) => void,
  ): void {
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) this.#rows += 1;
    this.#progress(this.#rows);
    done(null, chunk);
  }
}
