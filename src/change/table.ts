/** A table's name in its database, unquoted, as the catalog holds it. */
export interface TableId {
  readonly schema: string;
  readonly name: string;
}

/** How a value is read and mapped; `pg_type` decides it. */
export type TypeShape =
  | {
      readonly kind: 'base';
      /** `pg_type.typname`, for example "int8", "timestamptz" */ readonly name: string;
    }
  | { readonly kind: 'enum'; readonly name: string; readonly labels: readonly string[] }
  | { readonly kind: 'array'; readonly element: TypeShape; readonly delimiter: string }
  /** Anything that is carried as PostgreSQL's text: ranges, composites, extension types. */
  | { readonly kind: 'text'; readonly name: string };

/** A column, domains resolved to their base type (with the domain's typmod). */
export interface Column {
  readonly name: string;
  readonly typeOid: number;
  /** `atttypmod`; −1 where the type has none. numeric(p,s): ((p << 16) | s) + 4. */
  readonly typmod: number;
  readonly type: TypeShape;
}

export type ReplicaIdentity = 'default' | 'nothing' | 'full' | 'index';

/** A table's shape as of one point of the WAL. A changed shape is a new object. */
export interface TableSchema {
  readonly id: TableId;
  readonly relationOid: number;
  readonly columns: readonly Column[];
  /** Indexes into `columns` of the key: the primary key's order, else the replica identity's. Never empty. */
  readonly key: readonly number[];
  readonly identity: ReplicaIdentity;
}

/** "schema.name" for people and topics; not SQL, names are not quoted. */
export function formatTable(table: TableId): string {
  return `${table.schema}.${table.name}`;
}
