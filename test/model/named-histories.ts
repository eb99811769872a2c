import type { NamedStep } from './histories.ts';
import type { HistoryShape } from './world.ts';

/** A history that random ones meet too rarely, or met once. */
export interface NamedHistory {
  /** What the capture does in it, as the end of a sentence. */
  readonly name: string;
  readonly shape?: Partial<HistoryShape>;
  readonly steps: readonly NamedStep[];
}

/** What a write does is chosen by its last number: 1 and 3 update (1 leaves the TOASTed value out), 5 deletes, 7 changes the key. */
const LEAVE_TOAST = 1;
const UPDATE = 3;
const DELETE = 5;
const REKEY = 7;
/** An update with a value that no record can carry. */
const UPDATE_LARGE = 51;
const keyOf = (key: number): number => key << 4;

const insert = (key: number): NamedStep[] => [['write', 0, keyOf(key)], ['commit'], ['show']];
const change = (key: number, choice: number): NamedStep[] => [
  ['write', 0, keyOf(key), choice],
  ['commit'],
  ['show'],
];
const STARTED: readonly NamedStep[] = [['createSlot'], ['start', 1]];
const READ: readonly NamedStep[] = [['read'], ['read'], ['read']];
/** *high* is behind what has passed: the chunk waits for the stream. */
const READ_AHEAD: readonly NamedStep[] = [['read'], ['read'], ['wal'], ['read']];
const SEND_ALL: readonly NamedStep[] = [
  ['send', 5],
  ['send', 5],
  ['keepalive', 1],
];
const COMMITTED: readonly NamedStep[] = [['kafka'], ['kafka'], ['kafka'], ['kafka'], ['kafka'], ['kafka']];
const PUBLISHED: readonly NamedStep[] = [...SEND_ALL, ...COMMITTED];
/** Row 0 is published. */
const FIRST_ROW: readonly NamedStep[] = [...insert(0), ...STARTED, ...READ, ...COMMITTED];
/** A relation's first message makes open chunks be read again: it comes with row 3, then the chunk is read anew. */
const WARM: readonly NamedStep[] = [...insert(3), ...PUBLISHED, ...READ, ['keepalive', 1], ...COMMITTED];
/** Rows 0 and 1 are published; two updates of one transaction are committed, invisible, and the first is published. */
const HALF_PUBLISHED: readonly NamedStep[] = [
  ...insert(0),
  ...insert(1),
  ...STARTED,
  ...READ,
  ...COMMITTED,
  ['write', 0, keyOf(0), UPDATE],
  ['write', 0, keyOf(1), UPDATE],
  ['commit'],
  ['send', 2],
  ['kafka'],
];
/** Row 0 is skipped in the first refresh, since a change without its TOASTed value came between: it is owed. */
const OWED: readonly NamedStep[] = [...READ_AHEAD, ...change(0, LEAVE_TOAST), ...PUBLISHED];

/** Row 0 is owed, and changes in the next window too. */
export const HOT_KEY: readonly NamedStep[] = [...insert(0), ...STARTED, ...WARM, ...OWED, ...OWED];

/** Takes the row with key 3 to key 0, without its TOASTed value. */
const THREE_TO_ZERO = 9;
/** Of table t of two. */
const keyIn = (table: number, key: number): number => table + (key << 4);
const REFUSED: readonly NamedStep[] = [
  ['refuse', 0, 1],
  ['write', 0, keyIn(0, 0), UPDATE],
  ['addColumn', 0, 0],
  ['write', 0, keyIn(0, 0), UPDATE],
];

export const NAMED_HISTORIES: readonly NamedHistory[] = [
  {
    name: 'finds a row behind the end of the table that the first read did not see and no stream brings',
    steps: [...insert(0), ['write', 1, keyOf(3)], ['commit'], ...STARTED, ...READ, ['show']],
  },
  {
    name: 'publishes no row before the older changes of it that are still to come',
    steps: [...insert(0), ...STARTED, ...change(0, UPDATE), ...change(0, UPDATE), ...READ, ...COMMITTED],
  },
  {
    name: 'takes a chunk for stale that does not see a transaction which its predecessor has half published',
    shape: { batchRecords: 1, chunkRows: 4 },
    // The window opens behind the relation's first message, which would make the chunk be read again.
    steps: [
      ...HALF_PUBLISHED,
      ['crash', 1],
      ['start', 1],
      ['send', 1],
      ['refresh', 0, 1],
      ['send', 5],
      ['kafka'],
      ...READ,
    ],
  },
  {
    name: 'takes a chunk for stale that does not see a transaction which was half published when its window opened',
    shape: { batchRecords: 1, chunkRows: 4 },
    steps: [...HALF_PUBLISHED, ['refresh', 0, 1], ['send', 5], ['kafka'], ...READ],
  },
  ...[
    { name: 'deleted', steps: change(0, DELETE) },
    { name: 'given another key', steps: change(0, REKEY) },
    { name: 'updated', steps: change(0, UPDATE) },
    { name: 'truncated away', steps: [['truncate'], ['commit'], ['show']] satisfies NamedStep[] },
  ].map(({ name, steps }) => ({
    name: `keeps a row back that was ${name} after its chunk was read`,
    shape: { chunkRows: 4 },
    steps: [...insert(0), ...STARTED, ...WARM, ...READ_AHEAD, ...steps, ...SEND_ALL],
  })),
  {
    name: 'goes on owing a row that changes again without its TOASTed value while it is refreshed',
    shape: { chunkRows: 4 },
    steps: [
      ...insert(0),
      ...STARTED,
      ...WARM,
      ...OWED,
      ...READ_AHEAD,
      ...change(0, LEAVE_TOAST),
      ...SEND_ALL,
    ],
  },
  {
    name: 'goes on owing a row that was not there when it was read, and came without its TOASTed value',
    shape: { chunkRows: 4 },
    steps: [
      ...insert(1),
      ...STARTED,
      ...WARM,
      // The first refresh ends, so that the next read is that of the key.
      ...READ,
      ...PUBLISHED,
      ['refreshKey', 0, 0],
      ...READ_AHEAD,
      ...change(3, THREE_TO_ZERO),
      ...PUBLISHED,
    ],
  },
  {
    name: 'puts no change that left a TOASTed value out together with the row from before a dead letter',
    shape: { large: true },
    steps: [...FIRST_ROW, ...change(0, UPDATE_LARGE), ...change(0, LEAVE_TOAST), ...PUBLISHED],
  },
  {
    name: 'knows of a dead letter after a restart, and publishes its key once it fits',
    shape: { large: true },
    steps: [
      ...FIRST_ROW,
      ...change(0, UPDATE_LARGE),
      ...PUBLISHED,
      ['crash', 1],
      ['start', 1],
      ...change(0, LEAVE_TOAST),
      ...PUBLISHED,
      ...change(0, UPDATE),
      ...change(0, LEAVE_TOAST),
      ...PUBLISHED,
    ],
  },
  {
    name: 'deletes a row of replica identity FULL that is too large to be carried',
    shape: { tables: 2, full: true, large: true },
    steps: [
      ['write', 0, keyIn(1, 0)],
      ['commit'],
      ['show'],
      ...STARTED,
      ...READ,
      ...READ,
      ...COMMITTED,
      ['write', 0, keyIn(1, 0), UPDATE_LARGE],
      ['commit'],
      ['show'],
      ['write', 0, keyIn(1, 0), DELETE],
      ['commit'],
      ['show'],
    ],
  },
  {
    name: 'owes a row after a restart too',
    shape: { chunkRows: 4 },
    steps: [...insert(0), ...STARTED, ...WARM, ...OWED, ['crash', 1], ['start', 1]],
  },
  {
    name: 'brings the TOASTed value of a changed key',
    steps: [...insert(0), ...STARTED, ...READ, ...COMMITTED, ...change(0, REKEY), ...SEND_ALL],
  },
  {
    name: 'publishes no chunk between two records of a transaction',
    shape: { chunkRows: 4 },
    // While two batches wait for the broker, the chunk gets ready, and its high and half a transaction arrive together.
    steps: [
      ...insert(0),
      ...STARTED,
      ...WARM,
      ...insert(2),
      ['send', 5],
      ...insert(1),
      ['send', 5],
      ...READ_AHEAD,
      ['write', 0, keyOf(0), UPDATE],
      ['write', 0, keyOf(2), UPDATE],
      ['commit'],
      ['keepalive', 1],
      ['send', 1],
      ['kafka'],
      ['kafka'],
      ['kafka'],
    ],
  },
  {
    name: 'sweeps no row away that it owes',
    shape: { chunkRows: 4 },
    steps: [...FIRST_ROW, ['restore', 100], ['start', 1], ...WARM, ...OWED, ...SEND_ALL],
  },
  {
    name: 'completes no row with a value that was changed while it was read',
    shape: { chunkRows: 4 },
    steps: [
      ...insert(0),
      ...STARTED,
      ...WARM,
      ...OWED,
      ...READ_AHEAD,
      ...change(0, UPDATE),
      ...change(0, LEAVE_TOAST),
      ...PUBLISHED,
    ],
  },
  {
    name: 'completes no row with the value of one that was truncated away',
    shape: { chunkRows: 4 },
    steps: [
      ...insert(0),
      ...STARTED,
      ...WARM,
      ...OWED,
      ...READ_AHEAD,
      // In one transaction: the chunk waits until all of it is published.
      ['truncate'],
      ['write', 0, keyOf(3)],
      ['write', 0, keyOf(3), THREE_TO_ZERO],
      ['commit'],
      ['show'],
      ...PUBLISHED,
    ],
  },
  {
    name: 'goes on in a transaction in whose middle a table was halted',
    shape: { tables: 2, batchRecords: 1, chunkRows: 4 },
    steps: [
      ['write', 0, keyIn(0, 0)],
      ['write', 0, keyIn(1, 0)],
      ['commit'],
      ['show'],
      ...STARTED,
      ...READ,
      ...READ,
      ...COMMITTED,
      ...COMMITTED,
      ...REFUSED,
      ['write', 0, keyIn(1, 0), UPDATE],
      ['write', 0, keyIn(1, 1)],
      ['write', 0, keyIn(1, 2)],
      ['commit'],
      ['show'],
      ['send', 5],
      ['send', 5],
      ['kafka'],
      ['kafka'],
      ['crash', 1],
      ['start', 1],
    ],
  },
  {
    name: 'drops a chunk that was read before its table was halted',
    // Row 0 is read, then deleted while the table is halted; the read ends once the table goes on.
    steps: [
      ...insert(0),
      ...STARTED,
      ...WARM,
      ['read'],
      ['read'],
      ['rename'],
      ...change(0, DELETE),
      ...SEND_ALL,
      ['look'],
      ['keepalive', 1],
      ...COMMITTED,
      ['read'],
    ],
  },
  {
    name: 'reads every part of a table, over a restart too',
    shape: { chunkRows: 1, chunksInFlight: 3, partsPerTable: 3 },
    steps: [
      ...[0, 1, 2, 3].flatMap(insert),
      ...STARTED,
      ...READ,
      ...READ,
      ['keepalive', 1],
      ...COMMITTED,
      ['crash', 1],
      ['start', 1],
    ],
  },
  {
    name: 'finds a row at the end of a part that the first read did not see and no stream brings',
    shape: { keys: 6, chunkRows: 2, chunksInFlight: 3, partsPerTable: 2 },
    // The part ends at key 4, whose row goes before the part is read; that of key 3 is not visible yet.
    steps: [
      ...[0, 1, 2, 4, 5].flatMap(insert),
      ['write', 1, keyOf(3)],
      ['commit'],
      ...STARTED,
      ...READ,
      ...change(4, DELETE),
      ...READ,
      ['show'],
    ],
  },
  {
    name: 'takes a chunk for stale that does not see what a halted table left out',
    shape: { batchRecords: 1, chunkRows: 4 },
    steps: [
      ...FIRST_ROW,
      ['refuse', 0, 1],
      ['write', 0, keyOf(0), UPDATE],
      ['addColumn', 0, 0],
      ['write', 0, keyOf(0), UPDATE],
      ['commit'],
      ['show'],
      ...PUBLISHED,
      ['write', 0, keyOf(0), UPDATE],
      ['commit'],
      ...PUBLISHED,
      ['refuse', 0, 0],
      ['look'],
      ['keepalive', 1],
      ...COMMITTED,
      ...READ,
      ...READ,
      ...PUBLISHED,
    ],
  },
];
