import { toLsn } from '../../src/change/lsn.ts';
import type { TableId } from '../../src/change/table.ts';
import { tupleFromTexts } from '../../src/change/tuple.ts';
import type { ChunkScope } from '../../src/snapshot/chunk-query.ts';
import type { ChunkRead, ChunkSource } from '../../src/snapshot/chunk-reader.ts';
import type { KeyTexts } from '../../src/snapshot/key-walk.ts';
import type { SplitScope } from '../../src/snapshot/split-points.ts';
import type { Visibility } from '../../src/change/visibility.ts';
import type { Row, SimulatedPostgres } from './simulated-postgres.ts';
import type { SimulatedTables } from './simulated-tables.ts';

/** The condition of a refresh with a filter. */
export const EVEN_KEYS = 'id % 2 = 0';

interface Read {
  readonly table: number;
  readonly scope: ChunkScope;
  readonly resolve: (read: ChunkRead) => void;
  readonly reject: (error: Error) => void;
  stage: 'queued' | 'locked' | 'snapshot';
  visibility: Visibility | null;
  rows: ReadonlyMap<number, Row>;
  columns: number;
  /** The end of the WAL when the read began: what *high* must not be. */
  readonly lsnBefore: number;
}

/** Reads chunks in the stages of a real read: lock, snapshot, rows and high. Each stage is a step of the history. */
export class SimulatedReader implements ChunkSource {
  readonly #postgres: SimulatedPostgres;
  readonly #tables: SimulatedTables;
  #reads: Read[] = [];

  constructor(postgres: SimulatedPostgres, tables: SimulatedTables) {
    this.#postgres = postgres;
    this.#tables = tables;
  }

  read(id: TableId, scope: ChunkScope): Promise<ChunkRead> {
    const { promise, resolve, reject } = Promise.withResolvers<ChunkRead>();
    const table = this.#tables.numberOf(id);
    const lsnBefore = this.#postgres.lsn;
    this.#reads.push({
      table,
      scope,
      resolve,
      reject,
      stage: 'queued',
      visibility: null,
      rows: new Map(),
      columns: 0,
      lsnBefore,
    });
    return promise;
  }

  async splitPoints(id: TableId, { after, where, parts }: SplitScope): Promise<KeyTexts[]> {
    const rows = this.#postgres.rows(this.#tables.numberOf(id));
    const range = { kind: 'range', range: { after, upTo: null }, limit: null, where } as const;
    const keys = [...rows.keys()].filter((key) => isInScope(range, key)).toSorted((one, two) => one - two);
    const borders = keys.filter(
      (_, i) => i + 1 < keys.length && (i + 1) % Math.ceil(keys.length / parts) === 0,
    );
    return borders.map((key) => [String(key)]);
  }

  async visibility(): Promise<Visibility> {
    return this.#postgres.visibility();
  }

  abort(): void {
    this.abandon();
  }

  get count(): number {
    return this.#reads.length;
  }

  lockedTables(): ReadonlySet<number> {
    return new Set(this.#reads.filter(({ stage }) => stage !== 'queued').map(({ table }) => table));
  }

  /** One stage further; false where a lock is in the way. */
  advance(choice: number): boolean {
    const read = this.#reads[choice % Math.max(1, this.#reads.length)];
    if (read === undefined) return false;
    if (read.stage === 'queued') {
      if (this.#postgres.isExclusivelyLocked(read.table)) return false;
      read.stage = 'locked';
    } else if (read.stage === 'locked') {
      read.visibility = this.#postgres.visibility();
      read.rows = new Map(this.#postgres.rows(read.table));
      read.columns = this.#postgres.columns(read.table);
      read.stage = 'snapshot';
    } else this.#finish(read);
    return true;
  }

  fail(choice: number): boolean {
    const read = this.#reads[choice % Math.max(1, this.#reads.length)];
    if (read === undefined) return false;
    this.#reads.splice(this.#reads.indexOf(read), 1);
    read.reject(new Error('the connection broke'));
    return true;
  }

  /** The process that read is gone, and its locks with it. */
  abandon(): void {
    this.#reads = [];
  }

  #finish(read: Read): void {
    this.#reads.splice(this.#reads.indexOf(read), 1);
    const { scope, table, columns, visibility } = read;
    if (visibility === null) return;
    const inScope = [...read.rows]
      .filter(([key]) => isInScope(scope, key))
      .toSorted(([one], [two]) => one - two);
    const limit = scope.kind === 'range' ? (scope.limit ?? Infinity) : Infinity;
    const found = inScope.slice(0, limit);
    const last = found.at(-1);
    read.resolve({
      table: {
        schema: this.#tables.schema(table, columns),
        expressions: [],
        keyTypes: [],
        estimatedRows: -1,
      },
      visibility,
      high: toLsn(BigInt(this.#postgres.lsn)),
      rows: found.map(([key, row]) => tupleFromTexts(this.#tables.values(key, row, columns))),
      bytes: found.length,
      lastKey: last === undefined ? null : [String(last[0])],
      reachedEnd: found.length < limit,
    });
  }
}

function isInScope(scope: ChunkScope, key: number): boolean {
  if (scope.kind === 'keys') return scope.keys.some(([text]) => text === String(key));
  const { after, upTo } = scope.range;
  if (after !== null && key <= Number(after[0])) return false;
  if (upTo !== null && key > Number(upTo[0])) return false;
  return scope.where === null || key % 2 === 0;
}
