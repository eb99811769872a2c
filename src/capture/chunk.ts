import type { TableId } from '../change/table.ts';
import { isUnavailable, textOf, type Tuple, tupleFromTexts } from '../change/tuple.ts';
import type { ChunkRead } from '../snapshot/chunk-reader.ts';
import type { WalkRange } from '../snapshot/key-walk.ts';
import type { RefreshPlan } from '../snapshot/refresh-plan.ts';
import type { Window } from '../snapshot/window.ts';
import type { Merge } from './merge.ts';
import type { CapturedTable } from './record-writer.ts';

/** What one window is opened for. Keys are JSON arrays of their values. */
export type Task =
  | { readonly kind: 'range'; readonly plan: RefreshPlan; readonly range: WalkRange }
  | { readonly kind: 'keys'; readonly plan: RefreshPlan; readonly keys: readonly string[] }
  /** Keys of changes that left a TOASTed value out. */
  | {
      readonly kind: 'owed';
      readonly plan: null;
      readonly table: TableId;
      readonly keys: readonly string[];
    };

/** A chunk that is read and fresh. */
export interface ReadyChunk {
  readonly task: Task;
  readonly read: ChunkRead;
  readonly window: Window;
  readonly table: CapturedTable;
  /** Index of the next row, or of the next key. */
  next: number;
  published: number;
}

export const KEYS_PER_CHUNK = 500;

/** The next piece of work of a plan; null where all that is left is being worked on. */
export function taskOf(plan: RefreshPlan): Task | null {
  const keys = plan.takeKeys(KEYS_PER_CHUNK);
  if (keys !== null) return { kind: 'keys', plan, keys: keys.map((key) => JSON.stringify(key)) };
  const range = plan.take();
  return range === null ? null : { kind: 'range', plan, range };
}

export function tableOf(task: Task): TableId {
  return task.kind === 'owed' ? task.table : task.plan.request.table;
}

export function isPublished({ task, read, next }: ReadyChunk): boolean {
  return next >= (task.kind === 'range' ? read.rows.length : task.keys.length);
}

/**
 * Publishes rows of a chunk, at most `maxRows` of a range, without those that a change overtook (the
 * design's step 5). Gives how many were looked at.
 */
export function publishChunk(chunk: ReadyChunk, maxRows: number, merge: Merge): number {
  const { task } = chunk;
  return task.kind === 'range' ? publishRows(chunk, maxRows, merge) : publishKeys(chunk, task, merge);
}

function publishRows(chunk: ReadyChunk, maxRows: number, merge: Merge): number {
  const tag = chunk.task.plan?.request.tag ?? null;
  const { rows, visibility } = chunk.read;
  const end = Math.min(rows.length, chunk.next + maxRows);
  const count = end - chunk.next;
  for (; chunk.next < end; chunk.next++) {
    const row = rows[chunk.next];
    if (row === undefined) continue;
    if (!chunk.window.isEmpty) {
      const key = chunk.table.codec.keyText(row);
      const verdict = chunk.window.verdict(key, visibility);
      if (verdict === 'skip-incomplete') merge.owed.owe(chunk.table.name, key);
      if (verdict !== 'publish') continue;
    }
    merge.read(chunk.table, row, tag);
    chunk.published += 1;
  }
  return count;
}

/** A key without a row is gone: a delete. */
function publishKeys(chunk: ReadyChunk, task: Exclude<Task, { kind: 'range' }>, merge: Merge): number {
  const { codec, name } = chunk.table;
  const tag = task.plan?.request.tag ?? null;
  const rows = new Map(chunk.read.rows.map((row) => [codec.keyText(row), row]));
  for (const key of task.keys) {
    const verdict = chunk.window.verdict(key, chunk.read.visibility);
    // A change without gaps came meanwhile: it is all that was owed.
    if (verdict === 'skip') merge.owed.settle(name, key);
    const read = rows.get(key);
    const whole = verdict === 'skip-incomplete' ? completed(chunk, key, read) : null;
    if (verdict === 'skip-incomplete' && whole === null) merge.owed.owe(name, key);
    if (verdict !== 'publish' && whole === null) continue;
    const row = whole ?? read;
    if (row === undefined) merge.gone(chunk.table, key, tag);
    else merge.read(chunk.table, row, tag);
    merge.owed.settle(name, key);
    chunk.published += 1;
  }
  chunk.next = task.keys.length;
  return task.keys.length;
}

/**
 * A key that changes in every window would be owed for ever. Where no change in the window touched the
 * TOASTed values that the last one left out, the row that was read still holds them: the last change,
 * completed with them, is the row of now. Null where that cannot be told.
 */
function completed({ window, read, table }: ReadyChunk, key: string, row: Tuple | undefined): Tuple | null {
  const last = window.unfinished(key, read.visibility);
  if (last === null || row === undefined || last.table !== table) return null;
  const texts: (string | null)[] = [];
  for (let column = 0; column < table.codec.schema.columns.length; column++) {
    const isMissing = isUnavailable(last.tuple, column);
    if (isMissing && !last.untouched.has(column)) return null;
    texts.push(textOf(isMissing ? row : last.tuple, column));
  }
  return tupleFromTexts(texts);
}
