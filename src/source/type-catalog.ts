import type pg from 'pg';
import type { TypeShape } from '../change/table.ts';

interface TypeRow {
  readonly oid: number;
  readonly name: string;
  readonly kind: string;
  readonly category: string;
  readonly base: number;
  readonly base_typmod: number;
  readonly element: number;
  readonly delimiter: string;
  readonly output: string;
  readonly labels: readonly string[] | null;
}

export interface ResolvedType {
  readonly shape: TypeShape;
  /** The oid and typmod behind any domains. */
  readonly oid: number;
  readonly typmod: number;
  /** The type's output function, quoted for SQL. */
  readonly output: string;
}

const TYPES = `
  SELECT t.oid AS oid, t.typname AS name, t.typtype::text AS kind, t.typcategory::text AS category,
         t.typbasetype AS base, t.typtypmod AS base_typmod, t.typelem AS element,
         coalesce(e.typdelim, ',')::text AS delimiter,
         quote_ident(n.nspname) || '.' || quote_ident(p.proname) AS output,
         (SELECT array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid) AS labels
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_proc p ON p.oid = t.typoutput
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
   WHERE t.oid = ANY ($1::oid[])`;

/** The types that tables use, read from `pg_type` when first met. Base types never change; others are read anew per `refresh`. */
export class TypeCatalog {
  readonly #rows = new Map<number, TypeRow>();

  /** Reads what is not known yet, with the types behind domains and arrays. */
  async load(client: pg.ClientBase, oids: readonly number[]): Promise<void> {
    let missing = oids.filter((oid) => !this.#rows.has(oid));
    while (missing.length > 0) {
      const { rows } = await client.query<TypeRow>(TYPES, [missing]);
      for (const row of rows) this.#rows.set(row.oid, row);
      const behind = rows.flatMap((row) => [row.base, row.element]).filter((oid) => oid !== 0);
      missing = [...new Set(behind)].filter((oid) => !this.#rows.has(oid));
    }
  }

  /** Forgets enums and domains, whose labels and bases an ALTER can change. */
  forgetUserTypes(): void {
    for (const [oid, row] of this.#rows) if (row.kind !== 'b') this.#rows.delete(oid);
  }

  /** An oid that the catalog no longer has (a dropped type, met in old WAL) is carried as text. */
  resolve(oid: number, typmod: number): ResolvedType {
    const row = this.#rows.get(oid);
    if (row === undefined) {
      return { shape: { kind: 'text', name: `oid ${oid}` }, oid, typmod, output: 'pg_catalog.textout' };
    }
    if (row.kind === 'd') return { ...this.resolve(row.base, row.base_typmod), output: row.output };
    return { shape: this.#shape(row, typmod), oid, typmod, output: row.output };
  }

  #shape(row: TypeRow, typmod: number): TypeShape {
    if (row.kind === 'e') return { kind: 'enum', name: row.name, labels: row.labels ?? [] };
    if (row.category === 'A' && row.element !== 0) {
      return { kind: 'array', element: this.resolve(row.element, typmod).shape, delimiter: row.delimiter };
    }
    if (row.kind === 'b') return { kind: 'base', name: row.name };
    return { kind: 'text', name: row.name };
  }
}
