import { describe, expect, it } from 'vitest';
import { Merge } from '../../src/capture/merge.ts';
import { freshState } from '../../src/capture/merge-state.ts';
import { OwedKeys } from '../../src/capture/owed-keys.ts';
import { RecordWriter } from '../../src/capture/record-writer.ts';
import { StreamApplier } from '../../src/capture/stream-applier.ts';
import { TableGuard } from '../../src/capture/table-guard.ts';
import { TableResolver } from '../../src/capture/table-resolver.ts';
import { TableStates } from '../../src/capture/table-states.ts';
import { TopicEnds } from '../../src/capture/topic-ends.ts';
import { toLsn } from '../../src/change/lsn.ts';
import { formatTable } from '../../src/change/table.ts';
import { SYSTEM_CLOCK } from '../../src/runtime/clock.ts';
import { parseVisibility } from '../../src/change/visibility.ts';
import { pgoutput, type WireColumn } from '../model/pgoutput-bytes.ts';
import { SimulatedTables } from '../model/simulated-tables.ts';
import { MemoryRegistry } from '../topics/codec/memory-registry.ts';

const OID = 16_384;
const COLUMNS: readonly WireColumn[] = [
  { name: 'id', typeOid: 23, partOfKey: true },
  { name: 'a', typeOid: 23, partOfKey: false },
  { name: 't', typeOid: 25, partOfKey: false },
];

/** Two captured tables, t0 and t1, that the catalog shows with these oids. */
function context(oids: Readonly<Record<string, number>> = { t0: OID, t1: OID + 1 }) {
  const tables = new SimulatedTables(false);
  const states = new TableStates();
  for (const [name, oid] of Object.entries(oids))
    states.remember(`public.${name}`, { oid, publication: 'p', leavesOut: null, columns: [] });
  const options = { maxRecordBytes: 1_000, deadLetterTopic: 'dlq', rejected: () => {} };
  const writer = new RecordWriter(options, TopicEnds.fromCheckpoint(new Map()));
  writer.startBatch(0);
  const merge = new Merge(freshState(1, toLsn(1_000n)), new OwedKeys(), [], writer, states);
  const resolver = new TableResolver({
    prefix: 'm',
    database: 'd',
    registry: new MemoryRegistry(),
    partitions: new Map([
      ['m.public.t0', 1],
      ['m.public.t1', 1],
    ]),
  });
  const halts: string[] = [];
  const guard = new TableGuard({
    merge,
    plans: new Map(),
    resolve: (schema) => resolver.resolve(schema),
    observer: {
      halted: (table, { code }) => void halts.push(`${table} ${code}`),
      revived: () => {},
      progress: () => {},
      log: () => {},
    },
    clock: SYSTEM_CLOCK,
  });
  const wanted = new Set(Object.keys(oids).map((name) => formatTable({ schema: 'public', name })));
  const applier = new StreamApplier(
    merge,
    async ({ relationOid, name }) => ({
      ...tables.schema(0, COLUMNS.length),
      id: { schema: 'public', name },
      relationOid,
    }),
    guard,
    wanted,
  );
  const send = async (...messages: Buffer[]): Promise<void> => {
    for (const payload of messages) await applier.apply({ kind: 'message', payload });
  };
  return { merge, writer, halts, guard, applier, send };
}

const relation = (name: string, oid = OID): Buffer => pgoutput.relation(oid, 'public', name, 'd', COLUMNS);
const insert = (id: string, oid = OID): Buffer => pgoutput.insert(oid, [id, '1', 'x']);
const begin = pgoutput.begin(2_000n, 0n, 100);
const commit = pgoutput.commit(2_000n, 2_040n, 0n);

describe('a relation of the stream', () => {
  it('is published under its name', async () => {
    const { writer, halts, send } = context();
    await send(begin, relation('t0'), insert('1'), commit);
    expect([writer.count, halts]).toEqual([1, []]);
  });

  it('with the oid of a table and another name halts the table: its changes would be left out', async () => {
    const { merge, writer, halts, send } = context();
    await send(begin, relation('things'), insert('1'), relation('t0'), insert('2'), commit);
    expect(halts).toEqual(['public.t0 TABLE_MISSING']);
    expect(writer.count).toBe(0);
    const before = parseVisibility('100:100:');
    expect(merge.xids.staleXids(before, merge.xids.nextIndex)).toEqual([100]);
  });

  it('with the name of a table and another oid is not published as it', async () => {
    const { writer, halts, send } = context();
    await send(begin, relation('t0', OID + 7), insert('1', OID + 7), commit);
    expect([writer.count, halts]).toEqual([0, ['public.t0 TABLE_MISSING']]);
  });

  it('of two tables that changed names halts both', async () => {
    const { writer, halts, send } = context();
    await send(begin, relation('t1', OID), insert('1'), relation('t0', OID + 1), insert('2', OID + 1));
    expect(writer.count).toBe(0);
    expect(halts.toSorted()).toEqual(['public.t0 TABLE_MISSING', 'public.t1 TABLE_MISSING']);
  });

  it('of a table that nobody asked for is passed over', async () => {
    const { merge, writer, halts, send } = context();
    await send(begin, relation('other', OID + 7), insert('1', OID + 7), commit);
    expect([writer.count, halts, merge.xids.size]).toEqual([0, [], 0]);
  });

  it('is what the applier must be waited for, and nothing else is', async () => {
    const { applier } = context();
    const messages = [begin, relation('t0'), insert('1'), commit].map(
      (payload) => ({ kind: 'message', payload }) as const,
    );
    for (const item of [...messages, { kind: 'keepalive', walEnd: toLsn(3_000n) } as const]) {
      const isAwaited = applier.waitsFor(item);
      const applied = applier.apply(item);
      expect(applied !== undefined).toBe(isAwaited);
      await applied;
    }
  });
});
