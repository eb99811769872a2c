import { describe, expect, it } from 'vitest';
import { isIncomplete, Merge } from '../../src/capture/merge.ts';
import {
  freshState,
  type MergeState,
  type MergeStateJson,
  nextEpoch,
  stateFromJson,
  stateToJson,
} from '../../src/capture/merge-state.ts';
import { OwedKeys } from '../../src/capture/owed-keys.ts';
import { type CapturedTable, RecordWriter } from '../../src/capture/record-writer.ts';
import { TopicEnds } from '../../src/capture/topic-ends.ts';
import { ZERO_LSN, toLsn } from '../../src/change/lsn.ts';
import { decodePosition } from '../../src/change/position.ts';
import { textOf, type Tuple, tupleFromTexts } from '../../src/change/tuple.ts';
import { decodePgoutput } from '../../src/source/pgoutput.ts';
import { parseVisibility } from '../../src/change/visibility.ts';
import { POSITION_HEADER } from '../../src/topics/codec/headers.ts';
import { createTableCodec } from '../../src/topics/codec/table-codec.ts';
import { pgoutput, type WireValue } from '../model/pgoutput-bytes.ts';
import { SimulatedTables } from '../model/simulated-tables.ts';
import { MemoryRegistry } from '../topics/codec/memory-registry.ts';

const PARTITIONS = 3;
const EPOCH = 1_800_000_000;
const START: MergeState = freshState(EPOCH, toLsn(1_000n));
const SEES_NOTHING_NEW = parseVisibility('100:100:');

async function capturedTable(): Promise<CapturedTable> {
  const schema = new SimulatedTables(false).schema(0, 3);
  const codec = await createTableCodec({
    schema,
    prefix: 'm',
    database: 'd',
    registry: new MemoryRegistry(),
  });
  return { name: 'public.t0', codec, partitions: PARTITIONS };
}

/** A merge, what it wrote so far, and a restart from its state. */
async function context(state: MergeState = START, inProgress: number[] = []) {
  const table = await capturedTable();
  const rejected: string[] = [];
  const options = {
    maxRecordBytes: 1_000,
    deadLetterTopic: 'dlq',
    rejected: (record: { code: string }) => void rejected.push(record.code),
  };
  const writer = new RecordWriter(options, TopicEnds.fromCheckpoint(new Map()));
  writer.startBatch(0);
  const owed = new OwedKeys();
  const merge = new Merge(state, owed, inProgress, writer);
  const written = (): string[] =>
    writer.takeBatch().records.map(({ headers, value, partition, topic }) => {
      const text = headers[POSITION_HEADER];
      if (topic === 'dlq') return 'dead letter';
      if (text === undefined) return 'tombstone';
      const { lsn, seq } = decodePosition(text);
      return `${lsn}/${seq}${value === null ? ' sweep' : ''} p${partition}`;
    });
  return { table, merge, owed, writer, rejected, written };
}

const row = (...values: (string | null | undefined)[]): Tuple => tupleFromTexts(values);
const places = (records: readonly string[]): string[] => records.map((record) => record.replace(/ p\d$/, ''));

describe('the published order', () => {
  it("gives a change its transaction's commit LSN and the index of its record", async () => {
    const { table, merge, written } = await context();
    merge.begin(toLsn(2_000n), 0n, 7);
    merge.insert(table, row('1', '1', 'x'));
    merge.update(table, null, false, row('1', '2', 'x'));
    merge.delete(table, row('1', null, null));
    merge.commit(toLsn(2_000n), toLsn(2_040n));
    expect(places(written())).toEqual(['2000/0', '2000/2', '2000/4', 'tombstone']);
    expect(merge.passed).toBe(2_040n);
  });

  it('writes a changed key as delete and create, each with a position of its own', async () => {
    const { table, merge, owed, written } = await context();
    merge.begin(toLsn(2_000n), 0n, 7);
    merge.update(table, row('1', null, null), false, row('2', '1', 'x'));
    expect(places(written())).toEqual(['2000/0', 'tombstone', '2000/1']);
    expect(owed.size).toBe(0);
  });

  it('owes the new key of a changed one whose TOASTed value was left out', async () => {
    const { table, merge, owed } = await context();
    merge.begin(toLsn(2_000n), 0n, 7);
    merge.update(table, row('1', null, null), false, row('2', '1', undefined));
    expect(owed.take(5, new Set(), new Set([table.name]))).toEqual({ table: table.name, keys: ['["2"]'] });
  });

  it('owes nothing for an update that left a TOASTed value out: the sink holds it', async () => {
    const { table, merge, owed } = await context();
    merge.begin(toLsn(2_000n), 0n, 7);
    merge.update(table, null, false, row('1', '1', undefined));
    expect(owed.size).toBe(0);
  });

  it('completes a TOASTed value from the old row of replica identity FULL', async () => {
    const { table, merge, owed } = await context();
    merge.begin(toLsn(2_000n), 0n, 7);
    const old: WireValue[] = ['1', '1', 'long'];
    const message = decodePgoutput(pgoutput.update(1, { kind: 'O', values: old }, ['2', '2', undefined]));
    if (message.kind !== 'update') throw new Error(message.kind);
    merge.update(table, message.before, message.beforeIsRow, message.after);
    expect(isIncomplete(message.after)).toBe(false);
    expect(textOf(message.after, 2)).toBe('long');
    expect(owed.size).toBe(0);
  });

  it('writes a truncate once into every partition', async () => {
    const { table, merge, written } = await context();
    merge.begin(toLsn(2_000n), 0n, 7);
    merge.truncate(table);
    merge.insert(table, row('1', '1', 'x'));
    expect(written().map((record) => record.slice(0, 9))).toEqual([
      '2000/0 p0',
      '2000/0 p1',
      '2000/0 p2',
      '2000/2 p' + (await partitionOf(table, '1')),
    ]);
  });

  it('refuses a change outside of a transaction', async () => {
    const { table, merge } = await context();
    expect(() => merge.insert(table, row('1', '1', 'x'))).toThrow(/outside of a transaction/);
  });
});

describe('after a restart', () => {
  it('a transaction that was published is passed over, whole', async () => {
    const { table, merge, written } = await context({
      ...START,
      lastLsn: toLsn(2_000n),
      lastSeq: 2,
      passed: toLsn(2_040n),
    });
    merge.begin(toLsn(1_500n), 0n, 6);
    merge.insert(table, row('1', '1', 'x'));
    merge.commit(toLsn(1_500n), toLsn(1_540n));
    merge.begin(toLsn(2_000n), 0n, 7);
    merge.insert(table, row('2', '1', 'x'));
    merge.insert(table, row('3', '1', 'x'));
    merge.commit(toLsn(2_000n), toLsn(2_040n));
    expect(written()).toEqual([]);
    expect(merge.xids.size).toBe(0);
    expect(merge.passed).toBe(2_040n);
  });

  it('a half published transaction goes on in its middle, whatever else was published of it', async () => {
    const { table, merge, written } = await context({
      ...START,
      lastLsn: toLsn(2_000n),
      lastSeq: 2,
      midTransaction: true,
    });
    merge.begin(toLsn(2_000n), 0n, 7);
    merge.passOver(false);
    merge.insert(table, row('1', '1', 'x'));
    merge.update(table, row('1', null, null), false, row('2', '1', 'x'));
    expect(places(written())).toEqual(['2000/4', 'tombstone', '2000/5']);
  });

  it('a COMMIT of a replayed transaction does not end the half published one', async () => {
    const { merge } = await context({ ...START, lastLsn: toLsn(2_000n), lastSeq: 1, midTransaction: true });
    merge.begin(toLsn(1_500n), 0n, 6);
    merge.commit(toLsn(1_500n), toLsn(1_540n));
    expect(merge.isBetweenTransactions).toBe(false);
    merge.begin(toLsn(2_000n), 0n, 7);
    merge.commit(toLsn(2_000n), toLsn(2_040n));
    expect(merge.isBetweenTransactions).toBe(true);
  });

  it('snapshot rows go on behind those of before', async () => {
    const { merge } = await context();
    const before = merge.snapshotPosition('public.t0').text;
    const checkpoint = JSON.stringify(stateToJson(merge.state));
    const { merge: next } = await context(stateFromJson(JSON.parse(checkpoint) as MergeStateJson));
    expect(next.snapshotPosition('public.t0').text > before).toBe(true);
    expect(next.state.epoch).toBe(EPOCH);
  });
});

describe('a snapshot row', () => {
  it('stands behind every commit so far and before every one to come', async () => {
    const { table, merge, written } = await context();
    merge.begin(toLsn(2_000n), 0n, 7);
    merge.insert(table, row('1', '1', 'x'));
    merge.commit(toLsn(2_000n), toLsn(2_040n));
    written();
    const first = merge.snapshotPosition('public.t0').text;
    const second = merge.snapshotPosition('public.t0').text;
    merge.begin(toLsn(2_040n), 0n, 8);
    merge.insert(table, row('2', '1', 'x'));
    const { lsn, seq } = decodePosition(first);
    expect([lsn, seq]).toEqual([2_039n, 0]);
    expect(second > first).toBe(true);
    expect(places(written())).toEqual(['2040/0']);
  });

  it('is never passed by an older keepalive', async () => {
    const { merge } = await context();
    merge.keepalive(toLsn(3_000n));
    merge.keepalive(toLsn(2_000n));
    expect(merge.passed).toBe(3_000n);
  });
});

describe('an open window', () => {
  it.each<[string, (merge: Merge, table: CapturedTable) => void, string, string]>([
    ['an insert', (merge, table) => merge.insert(table, row('1', '1', 'x')), '["1"]', 'skip'],
    [
      'an update without a TOASTed value',
      (merge, table) => merge.update(table, null, false, row('1', '1', undefined)),
      '["1"]',
      'skip-incomplete',
    ],
    ['a delete', (merge, table) => merge.delete(table, row('1', null, null)), '["1"]', 'skip'],
    [
      'the old side of a changed key',
      (merge, table) => merge.update(table, row('1', null, null), false, row('2', '1', 'x')),
      '["1"]',
      'skip',
    ],
    [
      'the new side of a changed key',
      (merge, table) => merge.update(table, row('2', null, null), false, row('1', '1', 'x')),
      '["1"]',
      'skip',
    ],
    ['a truncate, for every key', (merge, table) => merge.truncate(table), '["9"]', 'skip'],
    [
      'a change of another key',
      (merge, table) => merge.insert(table, row('2', '1', 'x')),
      '["1"]',
      'publish',
    ],
  ])('sees %s', async (_what, change, key, verdict) => {
    const { table, merge } = await context();
    const window = merge.openWindow(table.name);
    merge.begin(toLsn(2_000n), 0n, 100);
    change(merge, table);
    expect(window.verdict(key, SEES_NOTHING_NEW)).toBe(verdict);
  });

  it('sees nothing any more once it is closed, and nothing of another table', async () => {
    const { table, merge } = await context();
    const closed = merge.openWindow(table.name);
    merge.closeWindow(table.name, closed);
    const other = merge.openWindow('public.other');
    merge.begin(toLsn(2_000n), 0n, 100);
    merge.insert(table, row('1', '1', 'x'));
    expect([closed.isEmpty, other.isEmpty]).toEqual([true, true]);
  });

  it('hears of a changed shape', async () => {
    const { table, merge } = await context();
    const window = merge.openWindow(table.name);
    merge.relationChanged('public.other');
    expect(window.shapeChanged).toBe(false);
    merge.relationChanged(table.name);
    expect(window.shapeChanged).toBe(true);
  });
});

describe('a change that cannot be carried', () => {
  const LARGE = 'x'.repeat(2_000);

  it('becomes a dead letter with its position used up', async () => {
    const { table, merge, rejected, written } = await context();
    merge.begin(toLsn(2_000n), 0n, 7);
    merge.insert(table, row('1', '1', LARGE));
    merge.insert(table, row('2', '1', 'x'));
    expect(places(written())).toEqual(['dead letter', '2000/2']);
    expect(rejected).toEqual(['RECORD_TOO_LARGE']);
  });

  it('goes without the old row of replica identity FULL, where that is what is too large', async () => {
    const { table, merge, rejected, written } = await context();
    merge.begin(toLsn(2_000n), 0n, 7);
    merge.update(table, row('1', '1', LARGE), true, row('1', '2', 'x'));
    merge.delete(table, row('1', '1', LARGE));
    expect(places(written())).toEqual(['2000/0', '2000/2', 'tombstone']);
    expect(rejected).toEqual([]);
  });

  it('makes a later change that leaves a TOASTed value out an owed key, until the row came whole', async () => {
    const { table, merge, owed, written } = await context();
    const partial = (n: string): void => merge.update(table, null, false, row('1', n, undefined));
    merge.begin(toLsn(2_000n), 0n, 7);
    partial('1');
    merge.update(table, null, false, row('1', '2', LARGE));
    partial('3');
    expect(places(written())).toEqual(['2000/0', 'dead letter']);
    expect(owed.size).toBe(1);
    merge.read(table, row('1', '3', 'x'), null);
    partial('4');
    expect(places(written())).toEqual(['999/0', '2000/6']);
  });

  it.each<[string, (merge: Merge, table: CapturedTable) => void]>([
    ['whole', (merge, table) => merge.update(table, null, false, row('1', '2', 'x'))],
    ['deleted', (merge, table) => merge.delete(table, row('1', null, null))],
    [
      'given another key',
      (merge, table) => merge.update(table, row('1', null, null), false, row('2', '1', 'x')),
    ],
    ['truncated away', (merge, table) => merge.truncate(table)],
    ['found to be gone', (merge, table) => merge.gone(table, '["1"]', null)],
  ])('is over for its key once that is %s', async (_what, end) => {
    const { table, merge, owed } = await context();
    merge.begin(toLsn(2_000n), 0n, 7);
    merge.insert(table, row('1', '1', LARGE));
    expect(owed.isWithheld(table.name, '["1"]')).toBe(true);
    end(merge, table);
    expect(owed.withholds(table.name)).toBe(false);
  });
});

describe('an epoch', () => {
  it.each([
    ['the time where there was none', null, 1_800_000_000_999, 1_800_000_000],
    ['the time where that is later', 7, 1_800_000_000_000, 1_800_000_000],
    ['the next number where the clock is behind', 1_900_000_000, 1_800_000_000_000, 1_900_000_001],
    ['the next number within one second', 1_800_000_000, 1_800_000_000_500, 1_800_000_001],
  ])('is %s', (_what, last, nowMs, epoch) => {
    expect(nextEpoch(last, nowMs)).toBe(epoch);
  });

  it('begins without a last record', () => {
    expect(freshState(1, ZERO_LSN)).toMatchObject({ lastLsn: 0n, lastSeq: -1, midTransaction: false });
  });
});

async function partitionOf(table: CapturedTable, key: string): Promise<number> {
  return table.codec.partitionOf(row(key, '1', 'x'), PARTITIONS);
}
