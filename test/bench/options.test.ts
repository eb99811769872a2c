import { describe, expect, it } from 'vitest';
import { BENCHES, parseOptions } from '../../bench/options.ts';

describe('the options of a benchmark', () => {
  it('compare with nobody unless told so', () => {
    expect(peersOf(['snapshot'])).toEqual([]);
    expect(peersOf(['snapshot', '--vs', 'debezium'])).toEqual(['avro-default', 'avro-tuned']);
    expect(peersOf(['stream', '--vs', 'debezium', '--peers', 'json-tuned'])).toEqual(['json-tuned']);
  });

  it('take settings of Freshet by section and name', () => {
    const [options] = parseOptions([
      'snapshot',
      '--set',
      'stream.batchRecords=2500',
      '--set',
      'snapshot.connections=1',
      '--set',
      'topics.compression=zstd',
    ]);
    expect(options?.settings).toEqual({
      'stream.batchRecords': 2500,
      'snapshot.connections': 1,
      'topics.compression': 'zstd',
    });
  });

  it('run all benchmarks at once, each beside those of its peers that it has', () => {
    const all = parseOptions(['all', '--vs', 'debezium', '--rows', '5']);
    expect(all.map(({ bench }) => bench)).toEqual([...BENCHES]);
    expect(all.every(({ rows }) => rows === 5)).toBe(true);
    const peers = Object.fromEntries(all.map((options) => [options.bench, options.peers.length]));
    expect(peers).toMatchObject({ snapshot: 2, stream: 2, latency: 2, sink: 0, limits: 0 });
    expect(all.find(({ bench }) => bench === 'sink')?.partitions).toBe(4);
  });

  it.each([
    [['snapshoot'], /choose one of snapshot/],
    [['snapshot', '--rows', '0'], /--rows 0/],
    [['snapshot', '--vs', 'airbyte'], /--vs airbyte/],
    [['sink', '--vs', 'debezium'], /no counterpart/],
    [['snapshot', '--set', 'batchRecords=1'], /--set batchRecords=1/],
  ])('refuse %j by naming what is wrong', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});

function peersOf(args: readonly string[]): readonly string[] | undefined {
  return parseOptions(args)[0]?.peers;
}
