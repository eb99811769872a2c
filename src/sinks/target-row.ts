import type { Value } from '../change/change.ts';
import type { TargetColumn, TargetTable } from './target-table.ts';

/** What a column of an SQL type may be given; of types that are not told apart, any value's text. */
type ValueOf<Type extends string> = Type extends `${string}[]`
  ? readonly Value[]
  : Type extends 'text' | 'varchar' | 'uuid' | 'date' | `timestamp${string}`
    ? string
    : Type extends 'bool' | 'boolean'
      ? boolean
      : Type extends 'int' | 'integer' | 'smallint' | 'int2' | 'int4' | 'real' | 'float4' | 'float8'
        ? number
        : Type extends 'bigint' | 'int8'
          ? bigint | number
          : Type extends `numeric${string}`
            ? string | number | bigint
            : NonNullable<Value>;

type Nullable<C extends TargetColumn> = C extends { readonly notNull: true } ? never : null;

type Values<Columns extends TargetColumn, Key extends string> = {
  readonly [C in Columns as C['name']]: ValueOf<C['type']> | (C['name'] extends Key ? never : Nullable<C>);
};

/** A whole row of a table. */
export type RowOf<T extends TargetTable> = Values<T['columns'][number], T['key'][number]>;

/** A row's key. */
export type KeyOf<T extends TargetTable> = Values<
  Extract<T['columns'][number], { readonly name: T['key'][number] }>,
  T['key'][number]
>;

/** A row's key, and some of its other columns. */
export type PatchOf<T extends TargetTable> = KeyOf<T> & Partial<RowOf<T>>;
