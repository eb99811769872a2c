import type { AnyChange } from './define-pipeline.ts';

/** Identifies a key within its partition. */
export type KeyIdentity = string;

export interface KeyedChange {
  readonly identity: KeyIdentity;
  readonly change: AnyChange;
}

/**
 * One change per key, with the outcome of applying all of them in order; keys in the order of their
 * first change. The tag of a refresh stays with its key, though a later change came on top; and a key of
 * which a change was streamed is no snapshot's, though its row was read after that.
 */
export function compactChanges(changes: readonly KeyedChange[]): AnyChange[] {
  const byKey = new Map<KeyIdentity, AnyChange>();
  for (const { identity, change } of changes) byKey.set(identity, merge(byKey.get(identity), change));
  return [...byKey.values()];
}

function merge(before: AnyChange | undefined, next: AnyChange): AnyChange {
  if (before === undefined) return next;
  const snapshot = next.snapshot && before.snapshot;
  const tagged = { ...next, tag: next.tag ?? before.tag, snapshot };
  if (tagged.kind !== 'patch') return tagged;
  // A partial change needs the row as this epoch wrote it: without it, it is left out.
  if (before.kind === 'delete' || before.epoch < next.epoch) return before;
  return { ...tagged, kind: before.kind, row: { ...before.row, ...tagged.row } };
}
