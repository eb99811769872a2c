import { randomBytes } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { Row, Value } from '../change/change.ts';
import { textArray, valueText } from './array-parameter.ts';
import { RowArrayWriter } from './row-array-writer.ts';
import { RowHashes } from './row-hashes.ts';
import {
  clearStatement,
  deleteStatement,
  differingStatement,
  lookupStatement,
  patchStatement,
  rowType,
  togetherStatement,
  upsertStatement,
} from './statements.ts';
import { keyColumns, type TargetColumn, type TargetTable } from './target-table.ts';
import { TextArrayWriter } from './text-array-writer.ts';
import type { KeyWrite, TableWrites } from './write-set.ts';

/** Rows of one table that a step changed, and those that were so already (or, for a patch, were left out). */
export interface WriteCounts {
  readonly table: TargetTable;
  readonly upserts: number;
  readonly patches: number;
  readonly deletes: number;
  readonly written: number;
  readonly unchanged: number;
}

/** Below so many rows it is not worth a statement of its own to ask which of them differ. */
const MIN_ASKED = 64;

/** Statement names and texts of a table: prepared once a connection. */
interface Prepared {
  readonly upsertRows: NamedStatement;
  readonly together: NamedStatement;
  readonly differing: NamedStatement;
  readonly upsertColumns: NamedStatement;
  readonly delete: NamedStatement;
}

/** How rows become a parameter, and what they are stamped with. */
interface RowsPlace {
  readonly typeOid: number;
  readonly from: string;
}

interface NamedStatement {
  readonly name: string;
  readonly text: string;
}

/** Executes writes within a transaction that the caller holds. */
export class RowWriter {
  readonly #prepared = new Map<TargetTable, Prepared>();
  readonly #arrays = new TextArrayWriter();
  readonly #rowArrays = new RowArrayWriter();
  /** Random, so that nobody can make two rows that have one hash. */
  readonly #seed = randomBytes(8).readBigInt64BE() | 1n;
  readonly #hashes = new RowHashes(this.#seed);
  /** Tables of whose last many rows all or most were so already, as in a replay or a refresh. */
  readonly #same = new Map<TargetTable, 'all' | 'most'>();
  /** Row type → its oid, or null where the target lacks it, by connection: that of another database is another one. */
  readonly #typeOids = new WeakMap<PoolClient, Map<string, number | null>>();

  /** `from`: where the rows come from, for their stamp. Deletes run last, the referencing tables' first. */
  async write(client: PoolClient, tables: readonly TableWrites[], from: string): Promise<WriteCounts[]> {
    const written = new Map<TargetTable, number>();
    for (const { table, upserts, patches } of tables) {
      written.set(
        table,
        (await this.#upsert(client, table, upserts, from)) +
          (await this.#patch(client, table, patches, from)),
      );
    }
    for (const { table, deletes } of tables.toReversed()) {
      written.set(table, (written.get(table) ?? 0) + (await this.#delete(client, table, deletes)));
    }
    return tables.map(({ table, upserts, patches, deletes }) => {
      const count = written.get(table) ?? 0;
      const all = upserts.length + patches.length + deletes.length;
      const kinds = { upserts: upserts.length, patches: patches.length, deletes: deletes.length };
      return { table, ...kinds, written: count, unchanged: all - count };
    });
  }

  /** Deletes what came from one partition; with an epoch, only what was last seen before it. Gives rows by table. */
  async clear(
    client: PoolClient,
    tables: readonly TargetTable[],
    from: string,
    before: number | null,
  ): Promise<WriteCounts[]> {
    const counts: WriteCounts[] = [];
    // One statement over a whole table may rightly take long.
    await client.query('SET LOCAL statement_timeout = 0');
    for (const table of tables.toReversed()) {
      if (!table.stamped) continue;
      const parameters = before === null ? [from] : [from, before];
      const { rowCount } = await client.query(clearStatement(table, before !== null), parameters);
      const deletes = rowCount ?? 0;
      counts.push({ table, upserts: 0, patches: 0, deletes, written: deletes, unchanged: 0 });
    }
    return counts;
  }

  /** The rows of the keys, null where there is none or only one of an older epoch. Values are texts, arrays arrays. */
  async lookup(
    client: PoolClient,
    table: TargetTable,
    keys: readonly { key: Row; epoch: number }[],
  ): Promise<(Row | null)[]> {
    const found: (Row | null)[] = keys.map(() => null);
    const parameters = keyColumns(table).map(({ name }) =>
      textArray(keys.map(({ key }) => valueText(key[name]))),
    );
    if (table.stamped) parameters.push(textArray(keys.map(({ epoch }) => String(epoch))));
    const query = { text: lookupStatement(table), values: parameters, rowMode: 'array' as const };
    const { rows } = await client.query<(string | number | null)[]>(query);
    for (const [ordinal, ...texts] of rows) {
      const row = table.columns.map(({ name, type }, i) => [name, storedValue(type, texts[i])] as const);
      found[Number(ordinal) - 1] = Object.fromEntries(row);
    }
    return found;
  }

  async #upsert(
    client: PoolClient,
    table: TargetTable,
    writes: readonly KeyWrite[],
    from: string,
  ): Promise<number> {
    if (writes.length === 0) return 0;
    const { upsertColumns } = this.#preparedFor(table);
    const typeOid = await this.#typeOid(client, rowType(table));
    if (typeOid === null) {
      const values = this.#rowParameters(table, table.columns, writes, from);
      return (await client.query({ ...upsertColumns, values })).rowCount ?? 0;
    }
    const changed = await this.#changed(client, table, writes, { typeOid, from });
    const written = changed.length === 0 ? 0 : await this.#write(client, table, changed, { typeOid, from });
    if (writes.length >= MIN_ASKED) {
      if (written * 2 > writes.length) this.#same.delete(table);
      else this.#same.set(table, changed.length === 0 ? 'all' : 'most');
    }
    return written;
  }

  async #write(
    client: PoolClient,
    table: TargetTable,
    writes: readonly KeyWrite[],
    { typeOid, from }: RowsPlace,
  ): Promise<number> {
    const rows = Buffer.from(this.#rowArrays.rows(typeOid, table, writes));
    const stamp = table.stamped ? [from] : [];
    const keys = table.key.length === 1 ? this.#columnParameters(keyColumns(table), writes).take() : [];
    const values = [rows, ...stamp, ...keys];
    return (await client.query({ ...this.#preparedFor(table).upsertRows, values })).rowCount ?? 0;
  }

  /**
   * The rows that may differ from the table's: all of them, but where most were so already the last time. Then the
   * server is asked by their hashes, a tenth of their bytes, and compares what it holds without reading texts; first
   * by one hash of all, where none had changed.
   */
  async #changed(
    client: PoolClient,
    table: TargetTable,
    writes: readonly KeyWrite[],
    { typeOid, from }: RowsPlace,
  ): Promise<readonly KeyWrite[]> {
    const before = this.#same.get(table);
    if (writes.length < MIN_ASKED || before === undefined) return writes;
    const { together, differing } = this.#preparedFor(table);
    const keys = this.#columnParameters(keyColumns(table), writes).take();
    const seed = String(this.#seed);
    if (before === 'all') {
      const hash = this.#hashes.ofAll(table, this.#rowArrays.rows(typeOid, table, writes), from);
      const values = [...keys, seed];
      const { rows } = await client.query<{ hash: string | null }>({ ...together, values });
      if (rows[0]?.hash === hash) return [];
    }
    // Anew: another partition's rows may have taken their place meanwhile.
    const hashes = this.#hashes.of(table, this.#rowArrays.rows(typeOid, table, writes), from);
    const values = [...keys, hashes, seed];
    const { rows } = await client.query<{ ordinal: number }>({ ...differing, values });
    // In the order of their keys, in which rows are locked.
    const ordinals = rows.map(({ ordinal }) => ordinal).toSorted((a, b) => a - b);
    return ordinals.flatMap((ordinal) => writes[ordinal - 1] ?? []);
  }

  async #typeOid(client: PoolClient, type: string): Promise<number | null> {
    let known = this.#typeOids.get(client);
    if (known === undefined) this.#typeOids.set(client, (known = new Map<string, number | null>()));
    let oid = known.get(type);
    if (oid === undefined) {
      const { rows } = await client.query<{ oid: number | null }>('SELECT to_regtype($1)::oid AS oid', [
        type,
      ]);
      known.set(type, (oid = rows[0]?.oid ?? null));
    }
    return oid;
  }

  async #delete(client: PoolClient, table: TargetTable, writes: readonly KeyWrite[]): Promise<number> {
    if (writes.length === 0) return 0;
    const values = this.#columnParameters(keyColumns(table), writes).take();
    return (await client.query({ ...this.#preparedFor(table).delete, values })).rowCount ?? 0;
  }

  /** Patches of the same columns go together. */
  async #patch(
    client: PoolClient,
    table: TargetTable,
    writes: readonly KeyWrite[],
    from: string,
  ): Promise<number> {
    let written = 0;
    for (const group of Map.groupBy(writes, ({ row }) =>
      Object.keys(row).toSorted().join('\u0000'),
    ).values()) {
      const present = new Set(Object.keys(group[0]?.row ?? {}));
      const changed = table.columns.filter(({ name }) => present.has(name) && !table.key.includes(name));
      if (changed.length === 0) continue;
      const values = this.#rowParameters(table, [...keyColumns(table), ...changed], group, from);
      written += (await client.query(patchStatement(table, changed), values)).rowCount ?? 0;
    }
    return written;
  }

  #rowParameters(
    table: TargetTable,
    columns: readonly TargetColumn[],
    writes: readonly KeyWrite[],
    from: string,
  ): (Buffer | string)[] {
    const arrays = this.#columnParameters(columns, writes);
    if (!table.stamped) return arrays.take();
    return [...arrays.numbers(writes.map(({ epoch }) => epoch)).take(), from];
  }

  #columnParameters(columns: readonly TargetColumn[], writes: readonly KeyWrite[]): TextArrayWriter {
    const rows = writes.map(({ row }) => row);
    for (const { name } of columns) this.#arrays.column(rows, name);
    return this.#arrays;
  }

  #preparedFor(table: TargetTable): Prepared {
    const known = this.#prepared.get(table);
    if (known !== undefined) return known;
    const ordinal = this.#prepared.size;
    const prepared: Prepared = {
      upsertRows: { name: `freshet_upsert_${ordinal}`, text: upsertStatement(table, 'rows') },
      together: { name: `freshet_together_${ordinal}`, text: togetherStatement(table) },
      differing: { name: `freshet_differing_${ordinal}`, text: differingStatement(table) },
      upsertColumns: { name: `freshet_upsert_columns_${ordinal}`, text: upsertStatement(table, 'columns') },
      delete: { name: `freshet_delete_${ordinal}`, text: deleteStatement(table) },
    };
    this.#prepared.set(table, prepared);
    return prepared;
  }
}

function storedValue(type: string, text: string | number | null | undefined): Value {
  if (text === null || text === undefined) return null;
  return type.endsWith('[]') ? (JSON.parse(String(text)) as Value) : text;
}
