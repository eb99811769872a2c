import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { type Lsn, toLsn } from '../change/lsn.ts';
import type { TableId } from '../change/table.ts';
import { textOf, type Tuple } from '../change/tuple.ts';
import { clientConfig, connectionError, destroySocket, type PostgresConfig } from '../runtime/postgres.ts';
import { type CatalogTable, readTable } from '../source/table-catalog.ts';
import { TypeCatalog } from '../source/type-catalog.ts';
import { currentWal } from '../source/wal-position.ts';
import { chunkQuery, type ChunkScope } from './chunk-query.ts';
import { CopyBinaryParser } from './copy-binary.ts';
import type { KeyTexts } from './key-walk.ts';
import { readSplitPoints, type SplitScope } from './split-points.ts';
import { parseVisibility, type Visibility } from '../change/visibility.ts';

/** One chunk as its snapshot saw it. */
export interface ChunkRead {
  readonly table: CatalogTable;
  readonly visibility: Visibility;
  /** Everything that the snapshot saw was written before this address. */
  readonly high: Lsn;
  readonly rows: readonly Tuple[];
  readonly bytes: number;
  /** The key of the last row; null where there is none. */
  readonly lastKey: KeyTexts | null;
  /** No row of the scope is beyond the last one. */
  readonly reachedEnd: boolean;
}

/** Where chunks come from. */
export interface ChunkSource {
  read(id: TableId, scope: ChunkScope): Promise<ChunkRead>;
  /** Keys that divide a part of a table into parts of about the same size; none where it is too small for that. */
  splitPoints(id: TableId, scope: SplitScope): Promise<KeyTexts[]>;
  /** What a new snapshot sees. */
  visibility(): Promise<Visibility>;
  /** Ends the reads under way: they reject. */
  abort(): void;
}

export interface ChunkReaderOptions {
  readonly connection: PostgresConfig;
  readonly connections: number;
  readonly lockTimeoutMs: number;
  /** A chunk of a refresh with a condition takes no longer. */
  readonly whereTimeoutMs: number;
  /** A chunk with a LIMIT is cut when it holds more. Bytes. */
  readonly cutBytes: number;
}

const WAL_PAGE_BYTES = 8192n;
const SHORT_PAGE_HEADER_BYTES = 24n;
const LONG_PAGE_HEADER_BYTES = 40n;

/** Reads chunks by the second step of docs/architecture.md, "Merging". Bounded connections; SELECT is all it needs. */
export class ChunkReader implements ChunkSource, AsyncDisposable {
  readonly #options: ChunkReaderOptions;
  readonly #pool: pg.Pool;
  readonly #types = new TypeCatalog();
  readonly #busy = new Set<pg.PoolClient>();

  constructor(options: ChunkReaderOptions) {
    this.#options = options;
    this.#pool = new pg.Pool({ ...clientConfig(options.connection, 'snapshot'), max: options.connections });
    // A broken idle connection is replaced by the pool; a broken busy one fails its query.
    this.#pool.on('error', () => {});
    // A busy one says so as well, beside its query.
    this.#pool.on('connect', (client) => void client.on('error', () => {}));
  }

  async read(id: TableId, scope: ChunkScope): Promise<ChunkRead> {
    return this.#inTransaction('REPEATABLE READ', async (client) => {
      const { cut, ...result } = await this.#readInTransaction(client, id, scope);
      return { result, usable: !cut };
    });
  }

  async splitPoints(id: TableId, scope: SplitScope): Promise<KeyTexts[]> {
    return this.#inTransaction('READ COMMITTED', async (client) => {
      await client.query(`SET LOCAL lock_timeout = ${Math.floor(this.#options.lockTimeoutMs)}`);
      const table = await readTable(client, this.#types, id);
      return { result: await readSplitPoints(client, table, scope), usable: true };
    });
  }

  /** `usable`: whether the connection can go on behind it. */
  async #inTransaction<T>(
    isolation: 'REPEATABLE READ' | 'READ COMMITTED',
    work: (client: pg.PoolClient) => Promise<{ result: T; usable: boolean }>,
  ): Promise<T> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw connectionError(error, this.#options.connection);
    });
    let broken = true;
    this.#busy.add(client);
    try {
      await client.query(`BEGIN ISOLATION LEVEL ${isolation} READ ONLY`);
      const { result, usable } = await work(client);
      if (usable) {
        await client.query('COMMIT');
        broken = false;
      }
      return result;
    } catch (error) {
      broken = await client.query('ROLLBACK').then(
        () => false,
        () => true,
      );
      throw error;
    } finally {
      this.#busy.delete(client);
      client.release(broken);
    }
  }

  /** What a new snapshot sees, for forgetting transactions that have ended. */
  async visibility(): Promise<Visibility> {
    const { rows } = await this.#pool.query<{ snapshot: string }>(
      'SELECT pg_current_snapshot()::text AS snapshot',
    );
    return parseVisibility(rows[0]?.snapshot ?? '');
  }

  /** A server that no longer answers must not keep the session from ending. */
  abort(): void {
    for (const client of this.#busy) destroySocket(client);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abort();
    await this.#pool.end();
  }

  async #readInTransaction(
    client: pg.PoolClient,
    id: TableId,
    scope: ChunkScope,
  ): Promise<ChunkRead & { cut: boolean }> {
    const name = `${pg.escapeIdentifier(id.schema)}.${pg.escapeIdentifier(id.name)}`;
    const { lockTimeoutMs, whereTimeoutMs } = this.#options;
    await client.query(`SET LOCAL lock_timeout = ${Math.floor(lockTimeoutMs)}`);
    if (scope.kind === 'range' && scope.where !== null)
      await client.query(`SET LOCAL statement_timeout = ${Math.floor(whereTimeoutMs)}`);
    // The lock comes before the snapshot: a TRUNCATE between the two would show an empty table.
    await client.query(`LOCK TABLE ${name} IN ACCESS SHARE MODE`);
    const { rows } = await client.query<{ snapshot: string }>(
      'SELECT pg_current_snapshot()::text AS snapshot',
    );
    const table = await readTable(client, this.#types, id);
    const copied = await this.#copy(client, table, scope);
    const high = copied.cut ? await readHigh(this.#pool) : await readHigh(client);
    const limit = scope.kind === 'range' ? scope.limit : null;
    const reachedEnd = !copied.cut && (limit === null || copied.rows.length < limit);
    return { table, visibility: parseVisibility(rows[0]?.snapshot ?? ''), high, reachedEnd, ...copied };
  }

  async #copy(
    client: pg.PoolClient,
    table: CatalogTable,
    scope: ChunkScope,
  ): Promise<Pick<ChunkRead, 'rows' | 'bytes' | 'lastKey'> & { cut: boolean }> {
    const stream = client.query(copyTo(chunkQuery(table, scope)));
    const parser = new CopyBinaryParser();
    const rows: Tuple[] = [];
    const mayCut = scope.kind === 'range' && scope.limit !== null;
    let bytes = 0;
    /** The chunk outgrew its bound: what came so far is a smaller chunk. */
    let cut = false;
    for await (const piece of stream as AsyncIterable<Buffer>) {
      bytes += piece.length;
      for (const tuple of parser.feed(piece)) rows.push(tuple);
      if (mayCut && bytes > this.#options.cutBytes && rows.length > 0) {
        cut = true;
        break;
      }
    }
    if (!cut) parser.finish();
    const last = rows.at(-1);
    return { rows, bytes, lastKey: last === undefined ? null : keyTexts(table, last), cut };
  }
}

function keyTexts(table: Pick<CatalogTable, 'schema'>, tuple: Tuple): KeyTexts {
  return table.schema.key.map((column) => textOf(tuple, column) ?? '');
}

async function readHigh(client: pg.PoolClient | pg.Pool): Promise<Lsn> {
  return atPageStart(await currentWal(client));
}

/**
 * An insert position just behind a page header means that nothing stands on the page yet. The stream
 * never gets past the page's start then, so waiting for the position behind the header would not end.
 */
export function atPageStart(lsn: Lsn): Lsn {
  const inPage = lsn % WAL_PAGE_BYTES;
  const onlyHeader = inPage === SHORT_PAGE_HEADER_BYTES || inPage === LONG_PAGE_HEADER_BYTES;
  return onlyHeader ? toLsn(lsn - inPage) : lsn;
}
