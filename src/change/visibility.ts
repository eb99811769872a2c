/**
 * A `pg_current_snapshot()`: `xmin:xmax:xip,xip,…` of 64-bit transaction ids.
 * https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
 */
export interface Visibility {
  /** First id that had not ended when the snapshot was taken, or was not given yet. */
  readonly xmax: bigint;
  readonly inProgress: ReadonlySet<bigint>;
}

const SNAPSHOT = /^(\d+):(\d+):([\d,]*)$/;

export function parseVisibility(text: string): Visibility {
  const match = SNAPSHOT.exec(text);
  if (match?.[2] === undefined || match[3] === undefined) throw new RangeError(`"${text}" is no pg_snapshot`);
  const xip = match[3] === '' ? [] : match[3].split(',').map((xid) => BigInt(xid));
  return { xmax: BigInt(match[2]), inProgress: new Set(xip) };
}

/**
 * Whether the snapshot does not see the transaction's changes. `xid` is pgoutput's 32-bit id: it is
 * taken for the 64-bit id nearest to the snapshot, which is right within two billion transactions.
 */
export function isInProgress(visibility: Visibility, xid: number): boolean {
  const distance = BigInt.asIntN(32, visibility.xmax - BigInt(xid));
  return distance <= 0n || visibility.inProgress.has(visibility.xmax - distance);
}
