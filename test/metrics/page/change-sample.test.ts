import { describe, expect, it } from 'vitest';
import type { AppliedChange } from '../../../src/consumers/observer.ts';
import { ChangeSample } from '../../../src/metrics/page/change-sample.ts';

const change = (row: Readonly<Record<string, unknown>> | null, key: object = { id: 7 }): AppliedChange => ({
  table: 'public.people',
  kind: row === null ? 'delete' : 'upsert',
  key: { ...key },
  row,
  committedMs: Date.now() - 120,
});

const many = (most: number): readonly AppliedChange[] =>
  Array.from({ length: 5_000 }, (_, id) => change({ id, name: 'x' }, { id })).slice(-most);

function watched(personal: readonly string[] = []): ChangeSample {
  const sample = new ChangeSample(personal);
  sample.isWatched = true;
  return sample;
}

describe('the sample of changes', () => {
  it('asks for none while nobody watches', () => {
    const sample = new ChangeSample([]);
    sample.offer('upsert', () => {
      throw new Error('it was asked');
    });
    expect(sample.take()).toEqual([]);
  });

  it('takes two a look of every pipeline, however many there are', () => {
    const sample = watched();
    for (let batch = 0; batch < 50; batch++)
      for (const pipeline of ['upsert', 'score']) sample.offer(pipeline, many);
    expect(sample.take().map(({ pipeline }) => pipeline)).toEqual(['upsert', 'upsert', 'score', 'score']);
    sample.offer('upsert', many);
    expect(sample.take()).toHaveLength(2);
  });

  it('keeps the last fourteen for who comes later', () => {
    const sample = watched();
    for (let look = 0; look < 30; look++) {
      sample.offer('upsert', many);
      sample.take();
    }
    expect(sample.kept.map(({ id }) => id)).toEqual(Array.from({ length: 14 }, (_, index) => 47 + index));
  });

  it('masks personal columns, in keys as well, by name or by table', () => {
    const sample = watched(['email', 'public.people.phone', 'public.others.name']);
    sample.offer('score', () => [
      change({ email: 'a@b.example', phone: '+49', name: 'Ada' }, { email: 'a@b.example' }),
    ]);
    const [shown] = sample.take();
    expect(shown?.key).toEqual([{ column: 'email', text: null }]);
    expect(shown?.row).toEqual([
      { column: 'phone', text: null },
      { column: 'name', text: 'Ada' },
    ]);
    expect(JSON.stringify(shown)).not.toMatch(/a@b|\+49/);
  });

  it('cuts long values, wide rows and what is no text', () => {
    const wide = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`c${index}`, index]));
    const sample = watched();
    const row = {
      text: 'x'.repeat(1_000_000),
      big: 2n ** 60n,
      bytes: Buffer.alloc(9),
      none: null,
      list: [1, [2n]],
      ...wide,
    };
    sample.offer('upsert', () => [change(row)]);
    const [shown] = sample.take();
    expect(shown?.row).toHaveLength(8);
    expect(shown?.row.slice(0, 5).map(({ text }) => text)).toEqual([
      `${'x'.repeat(47)}…`,
      String(2n ** 60n),
      '9 bytes',
      'NULL',
      '[1,["2"]]',
    ]);
  });

  it('tells how long a change took, and nothing of a row of a snapshot', () => {
    const sample = watched();
    sample.offer('upsert', () => [change(null), { ...change({}), committedMs: null }]);
    const [deleted, snapshot] = sample.take();
    expect(deleted).toMatchObject({ kind: 'delete', row: [] });
    expect(deleted?.latencyMs).toBeGreaterThanOrEqual(120);
    expect(snapshot?.latencyMs).toBeNull();
  });
});
