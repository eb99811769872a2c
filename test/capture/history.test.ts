import { describe, expect, it } from 'vitest';
import {
  type CaptureEntry,
  judgeHistory,
  type ObservedHistory,
  parseCaptureEntry,
} from '../../src/capture/history.ts';
import { FreshetError } from '../../src/runtime/errors.ts';
import { parseLsn } from '../../src/change/lsn.ts';
import type { SlotStatus } from '../../src/source/slot.ts';

const ENTRY: CaptureEntry = {
  version: 1,
  state: {
    epoch: 7,
    lastLsn: '0/100',
    lastSeq: 3,
    passed: '0/200',
    midTransaction: false,
    snapshotSeq: 0,
    throughMs: 0,
  },
  system: { systemId: '77', timeline: 1 },
  clusterId: 'kafka-1',
  slotReady: true,
  tables: ['public.a', 'public.b'],
  partitions: { 'p.public.a': 4, 'p.public.b': 4 },
};

const SLOT: SlotStatus = {
  plugin: 'pgoutput',
  database: 'shop',
  active: false,
  activePid: null,
  confirmedLsn: parseLsn('0/200'),
  restartLsn: parseLsn('0/100'),
  walStatus: 'reserved',
  failover: false,
  retainedBytes: 0,
  safeBytes: null,
};

const NOW: ObservedHistory = {
  slotName: 's',
  database: 'shop',
  slot: SLOT,
  system: { systemId: '77', timeline: 1 },
  clusterId: 'kafka-1',
  partitions: new Map([
    ['p.public.a', 4],
    ['p.public.b', 4],
  ]),
  emptied: [],
  timelineEnd: null,
  catalogGap: null,
};

const slot = (change: Partial<SlotStatus>): Partial<ObservedHistory> => ({ slot: { ...SLOT, ...change } });
const halfPublished: CaptureEntry = { ...ENTRY, state: { ...ENTRY.state, midTransaction: true } };

describe('a start', () => {
  it.each<[string, CaptureEntry, Partial<ObservedHistory>]>([
    ['where nothing has changed', ENTRY, {}],
    [
      'where the slot is behind the checkpoint: what was confirmed last was lost in a crash',
      ENTRY,
      slot({ confirmedLsn: parseLsn('0/1') }),
    ],
    ['where the slot was never confirmed', ENTRY, slot({ confirmedLsn: null })],
    ['where the slot keeps more WAL than it should', ENTRY, slot({ walStatus: 'unreserved' })],
    ['in the middle of a transaction', halfPublished, {}],
    [
      'behind a failover that lost nothing of what was published',
      ENTRY,
      {
        ...slot({ failover: true }),
        system: { systemId: '77', timeline: 2 },
        timelineEnd: parseLsn('0/200'),
      },
    ],
  ])('goes on %s', (_when, entry, change) => {
    expect(judgeHistory(entry, { ...NOW, ...change })).toEqual({ kind: 'resume' });
  });

  it.each<[string, CaptureEntry | null, Partial<ObservedHistory>]>([
    ['where there is neither a checkpoint nor a slot', null, { slot: null }],
    ['where the first start ended before its slot was made', { ...ENTRY, slotReady: false }, { slot: null }],
    ['where the first start ended just when its slot was made', { ...ENTRY, slotReady: false }, {}],
  ])('is a first one %s', (_when, entry, change) => {
    expect(judgeHistory(entry, { ...NOW, ...change })).toEqual({ kind: 'first' });
  });

  it.each<[string, CaptureEntry | null, Partial<ObservedHistory>, string, RegExp]>([
    [
      'a slot without a checkpoint',
      null,
      {},
      'HISTORY_CHANGED',
      /slot "s" exists, but its checkpoint does not/,
    ],
    ['a slot that is gone', ENTRY, { slot: null }, 'SLOT_LOST', /slot "s" no longer exists/],
    ['a slot that the server gave up', ENTRY, slot({ walStatus: 'lost' }), 'SLOT_LOST', /removed WAL/],
    [
      'a slot of another plugin',
      ENTRY,
      slot({ plugin: 'wal2json' }),
      'HISTORY_CHANGED',
      /belongs to wal2json/,
    ],
    ['a slot of another database', ENTRY, slot({ database: 'other' }), 'HISTORY_CHANGED', /database "other"/],
    [
      'a slot ahead of what was published',
      ENTRY,
      slot({ confirmedLsn: parseLsn('0/201') }),
      'HISTORY_CHANGED',
      /stands at 0\/201, ahead/,
    ],
    [
      'another cluster',
      ENTRY,
      { system: { systemId: '78', timeline: 1 } },
      'HISTORY_CHANGED',
      /system identifier 78, was 77/,
    ],
    [
      'another timeline',
      ENTRY,
      { system: { systemId: '77', timeline: 2 } },
      'HISTORY_CHANGED',
      /timeline changed from 1 to 2/,
    ],
    [
      'a failover that lost what was published',
      ENTRY,
      {
        ...slot({ failover: true }),
        system: { systemId: '77', timeline: 2 },
        timelineEnd: parseLsn('0/1ff'),
      },
      'HISTORY_CHANGED',
      /timeline changed from 1 to 2/,
    ],
    [
      'another timeline with a slot that is no failover slot',
      ENTRY,
      { system: { systemId: '77', timeline: 2 }, timelineEnd: parseLsn('0/200') },
      'HISTORY_CHANGED',
      /timeline changed from 1 to 2/,
    ],
    ['a topic that was created again', ENTRY, { emptied: ['p.public.a'] }, 'TOPIC_CHANGED', /created again/],
    ['another Kafka cluster', ENTRY, { clusterId: 'kafka-2' }, 'HISTORY_CHANGED', /from kafka-1 to kafka-2/],
    [
      'a topic that is gone',
      ENTRY,
      { partitions: new Map([['p.public.a', 4]]) },
      'TOPIC_CHANGED',
      /p\.public\.b is gone/,
    ],
    [
      'a topic with more partitions',
      ENTRY,
      {
        partitions: new Map([
          ['p.public.a', 4],
          ['p.public.b', 6],
        ]),
      },
      'TOPIC_CHANGED',
      /has 6 partitions, had 4/,
    ],
    [
      'an altered publication',
      halfPublished,
      { catalogGap: new FreshetError('PUBLICATION_CHANGED', 'publication "p" was altered') },
      'PUBLICATION_CHANGED',
      /publication "p" was altered/,
    ],
  ])('stops with the cure at %s', (_what, entry, change, code, message) => {
    const decision = judgeHistory(entry, { ...NOW, ...change });
    if (decision.kind !== 'gap') throw new Error(decision.kind);
    expect(decision.error).toMatchObject({ code, exitCode: 4, message: expect.stringMatching(message) });
    expect(decision.error.cure).not.toBe('');
  });
});

describe('a checkpoint', () => {
  it('that is missing is none', () => {
    expect(parseCaptureEntry(undefined)).toBeNull();
  });

  it('comes back as it was written', () => {
    expect(parseCaptureEntry(JSON.stringify(ENTRY))).toEqual(ENTRY);
  });

  it('of a newer Freshet is refused', () => {
    expect(() => parseCaptureEntry(JSON.stringify({ ...ENTRY, version: 2 }))).toThrow(
      expect.objectContaining({ code: 'VERSION_NEWER' }),
    );
  });
});
