import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../bench/options.ts';

describe('the options of a benchmark', () => {
  it('compare with nobody unless told so', () => {
    expect(parseOptions(['snapshot']).peers).toEqual([]);
    expect(parseOptions(['snapshot', '--vs', 'debezium']).peers).toEqual(['avro-default', 'avro-tuned']);
    expect(parseOptions(['stream', '--vs', 'debezium', '--peers', 'json-tuned']).peers).toEqual([
      'json-tuned',
    ]);
  });

  it('take settings of Freshet by section and name', () => {
    const { settings } = parseOptions([
      'snapshot',
      '--set',
      'stream.batchRecords=2500',
      '--set',
      'snapshot.connections=1',
    ]);
    expect(settings).toEqual({ 'stream.batchRecords': 2500, 'snapshot.connections': 1 });
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
