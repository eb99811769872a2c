import type { Column, TableId, TableSchema } from '../../src/change/table.ts';
import type { Op, Row } from './simulated-postgres.ts';
import { pgoutput, type WireColumn, type WireValue } from './pgoutput-bytes.ts';

const INT4 = 23;
const TEXT = 25;
const NAMES = ['id', 'a', 't', 'b'];
const OIDS = [INT4, INT4, TEXT, INT4];

/** How the simulated tables look from outside: names, types, shapes, tuples. */
export class SimulatedTables {
  /** Whether table 1 has replica identity FULL. */
  readonly #full: boolean;

  constructor(full: boolean) {
    this.#full = full;
  }

  id(table: number): TableId {
    return { schema: 'public', name: `t${table}` };
  }

  numberOf(id: TableId): number {
    return Number(id.name.slice(1));
  }

  oid(table: number): number {
    return 16_384 + table;
  }

  isFull(table: number): boolean {
    return this.#full && table === 1;
  }

  schema(table: number, columns: number): TableSchema {
    const identity = this.isFull(table) ? 'full' : 'default';
    return {
      id: this.id(table),
      relationOid: this.oid(table),
      columns: COLUMNS.slice(0, columns),
      key: [0],
      identity,
    };
  }

  values(key: number, row: Row, columns: number): (string | null)[] {
    return [String(key), String(row.a), row.t, row.b === null ? null : String(row.b)].slice(0, columns);
  }

  relation(table: number, columns: number): Buffer {
    const full = this.isFull(table);
    const wire: WireColumn[] = COLUMNS.slice(0, columns).map(({ name, typeOid }, i) => ({
      name,
      typeOid,
      partOfKey: full || i === 0,
    }));
    return pgoutput.relation(this.oid(table), 'public', this.id(table).name, full ? 'f' : 'd', wire);
  }

  message(op: Op): Buffer {
    const oid = this.oid(op.table);
    switch (op.kind) {
      case 'insert':
        return pgoutput.insert(oid, this.values(op.key, op.row, op.columns));
      case 'update':
        return pgoutput.update(
          oid,
          this.isFull(op.table) ? this.#before(op, op.key, op.old) : null,
          this.#after(op, op.key),
        );
      case 'rekey':
        return pgoutput.update(oid, this.#before(op, op.key, op.old), this.#after(op, op.to));
      case 'delete': {
        const { kind, values } = this.#before(op, op.key, op.old);
        return pgoutput.delete(oid, kind, values);
      }
      case 'truncate':
        return pgoutput.truncate([oid]);
    }
  }

  /** The old key, other columns NULL; with replica identity FULL the old row. */
  #before(op: Op, key: number, old: Row): { kind: 'K' | 'O'; values: WireValue[] } {
    if (this.isFull(op.table)) return { kind: 'O', values: this.values(key, old, op.columns) };
    return { kind: 'K', values: [String(key), ...Array.from({ length: op.columns - 1 }, () => null)] };
  }

  #after(op: Op & { kind: 'update' | 'rekey' }, key: number): WireValue[] {
    const values: WireValue[] = this.values(key, op.row, op.columns);
    if (op.toastUnchanged) values[2] = undefined;
    return values;
  }
}

const COLUMNS: readonly Column[] = NAMES.map((name, i) => ({
  name,
  typeOid: OIDS[i] ?? TEXT,
  typmod: -1,
  type: { kind: 'base', name: OIDS[i] === INT4 ? 'int4' : 'text' },
}));
