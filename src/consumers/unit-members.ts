import { FreshetError } from '../runtime/errors.ts';
import type { KeptRow, RowToKeep, UnitMember, UnitStore } from '../sinks/unit-store.ts';
import type { AnyChange } from './define-pipeline.ts';
import { decodeRow, encodeRow } from './kept-row.ts';
import { keyText } from './record-reader.ts';

/** Where rows are kept that belong to no unit: a partial change needs them all the same. */
export const NO_UNIT = '';

interface Kept {
  /** Units that a change belongs to, or belonged to before it. */
  readonly touched: ReadonlySet<string>;
  /** Partial changes of rows that are not kept, or were last seen in an older epoch. */
  readonly incomplete: readonly AnyChange[];
}

type AnyRow = Readonly<Record<string, unknown>>;

/** Brings the kept rows up to date with some changes, at most one a key. */
export async function keepChanges(
  store: UnitStore,
  origin: string,
  changes: readonly AnyChange[],
  unitsOf: (source: string, row: AnyRow) => readonly string[],
): Promise<Kept> {
  const keys = changes.map((change) => ({
    source: change.source,
    key: keyText(change.key),
    withContent: change.kind === 'patch',
  }));
  const stored = Map.groupBy(await store.keptRows(keys), memberKey);
  const touched = new Set<string>();
  const incomplete: AnyChange[] = [];
  const keep: RowToKeep[] = [];
  const drop: UnitMember[] = [];
  for (const [i, change] of changes.entries()) {
    const { source, key } = keys[i] ?? { source: change.source, key: keyText(change.key) };
    const before = stored.get(memberKey({ source, key })) ?? [];
    const row = wholeRow(change, before);
    if (row === 'incomplete') {
      incomplete.push(change);
      continue;
    }
    const units = row === null ? [] : namedUnits(unitsOf(source, row));
    const content = row === null ? '' : encodeRow(row);
    for (const unit of units) keep.push({ source, key, unit, origin, epoch: change.epoch, content });
    drop.push(...before.filter(({ unit }) => !units.includes(unit)));
    for (const unit of [...units, ...before.map((member) => member.unit)]) touched.add(unit);
  }
  await store.drop(drop);
  await store.keep(keep);
  touched.delete(NO_UNIT);
  return { touched, incomplete };
}

/** Null for a delete. */
function wholeRow(change: AnyChange, before: readonly KeptRow[]): AnyRow | 'incomplete' | null {
  if (change.kind === 'delete') return null;
  if (change.kind === 'upsert') return change.row;
  const [kept] = before;
  if (kept === undefined || kept.content === null || kept.epoch < change.epoch) return 'incomplete';
  return { ...decodeRow(kept.content), ...change.row };
}

function namedUnits(units: readonly string[]): string[] {
  if (units.length === 0) return [NO_UNIT];
  if (units.includes(NO_UNIT)) throw new FreshetError('RECORD_INVALID', 'a row names a unit without a name');
  return [...new Set(units)];
}

function memberKey({ source, key }: Pick<UnitMember, 'source' | 'key'>): string {
  return `${source}\u0000${key}`;
}
