import { describe, expect, it } from 'vitest';
import { type LetterContent, deadLetter, parseDeadLetter } from '../../src/consumers/dead-letters.ts';
import { FailureList, captureFailure, countFailures, isChosen } from '../../src/consumers/failure-list.ts';
import type { PoisonItem } from '../../src/consumers/record-reader.ts';
import type { Debt } from '../../src/sinks/owed-keys.ts';

const SECRET: LetterContent = { payload: false, raw: false, maskedColumns: [] };

function poison(more: Partial<PoisonItem> = {}, offset = '5'): PoisonItem {
  const record = {
    key: Buffer.from('\u0000\u0000\u0000\u0000\u0001k'),
    value: Buffer.from('value'),
    headers: {},
    topic: 't.public.users',
    partition: 2,
    offset,
    timestamp: '0',
  };
  return {
    kind: 'poison',
    record,
    position: '',
    identity: 'k',
    code: '22001',
    error: new Error('too long'),
    keyText: '{"id":1}',
    row: { id: 1n, email: 'a@b', name: null },
    isDecoded: true,
    tag: null,
    ...more,
  };
}

function written(item: PoisonItem, content = SECRET): ReturnType<typeof parseDeadLetter> {
  return parseDeadLetter(deadLetter('t.p', item, content).value);
}

function debt(more: Partial<Debt> = {}): Debt {
  const offsets = { firstOffset: 5n, lastOffset: 9n, failures: 2, owedSince: new Date(0) };
  const base = { topic: 't.public.users', partition: 2, identity: Buffer.from('k').toString('base64') };
  return { ...base, keyText: '{"id":1}', code: '22001', ...offsets, ...more };
}

function stored(item: PoisonItem, offset: bigint): { offset: bigint; writtenAtMs: number; value: Buffer } {
  return { offset, writtenAtMs: Number(offset), value: deadLetter('t.p', item, SECRET).value };
}

describe('a dead letter', () => {
  it('says where it came from and why, and by default shows nothing of the row', () => {
    expect(written(poison())).toEqual({
      version: 1,
      stage: 'consume',
      group: 't.p',
      code: '22001',
      cause: 'too long',
      position: '',
      topic: 't.public.users',
      partition: 2,
      offset: '5',
      attempt: 1,
      key: '{"id":1}',
      identity: 'aw==',
    });
  });

  it('shows the row where it is asked to, but for masked columns', () => {
    const letter = written(poison(), { payload: true, raw: true, maskedColumns: ['email', 'name'] });
    expect(letter?.payload).toEqual({ id: '1', email: '***', name: null });
    expect(letter?.raw).toBeUndefined();
  });

  it('holds the bytes of what cannot be decoded, and of nothing else', () => {
    const content = { payload: true, raw: true, maskedColumns: [] };
    const undecoded = written(poison({ row: null, isDecoded: false }), content);
    expect(Buffer.from(undecoded?.raw?.value ?? '', 'base64').toString()).toBe('value');
    expect(written(poison({ row: null }), content)).not.toHaveProperty('raw');
  });

  it('fits where the record did not', () => {
    const row = { text: 'x'.repeat(2_000_000) };
    const { value } = deadLetter('t.p', poison({ row, error: new Error('y'.repeat(10_000)) }), {
      ...SECRET,
      payload: true,
    });
    expect(value.length).toBeLessThan(3_000);
  });

  it('counts the tries of a refresh', () => {
    const tag = { id: 'r', group: 't.p', options: { attempt: '3' } };
    expect(written(poison({ tag }))?.attempt).toBe(3);
  });
});

describe('the list of failures', () => {
  const list = (debts: readonly Debt[]): FailureList =>
    new FailureList('p', (topic) => topic.slice(2), debts);

  it.each([
    ['of the first record that failed', '5', 'open'],
    ['of a later one', '9', 'open'],
    ['from before the key came whole', '4', 'settled'],
  ])('has a letter %s as it is', (_, offset, state) => {
    const failures = list([debt()]);
    failures.add(stored(poison({}, offset), 1n));
    expect(failures.all()[0]).toMatchObject({ id: 'p/1', state, table: 'public.users' });
  });

  it('counts a letter that was written twice once, and skips what is no letter', () => {
    const failures = list([]);
    failures.add(stored(poison(), 1n));
    failures.add(stored(poison(), 2n));
    failures.add({ offset: 3n, writtenAtMs: 0, value: Buffer.from('{}') });
    expect(countFailures(failures.all())).toEqual([
      { pipeline: 'p', code: '22001', table: 'public.users', open: 0, settled: 1, recorded: 0 },
    ]);
  });

  it('has what is owed without a letter', () => {
    expect(list([debt({ code: 'INCOMPLETE' })]).all()).toMatchObject([
      { id: null, state: 'open', code: 'INCOMPLETE', key: '{"id":1}' },
    ]);
  });

  it('has the letters of the capture', () => {
    const value = {
      stage: 'capture',
      table: 'public.users',
      keyText: '["1"]',
      code: 'RECORD_TOO_LARGE',
      message: 'm',
    };
    const letter = { offset: 7n, writtenAtMs: 0, value: Buffer.from(JSON.stringify(value)) };
    expect(captureFailure('capture', letter)).toMatchObject([
      { id: 'capture/7', state: 'recorded', key: '["1"]' },
    ]);
  });

  it.each([
    [{}, true],
    [{ code: '22001', table: 'public.users', key: '1' }, true],
    [{ key: '{"id":1}' }, true],
    [{ code: '23505' }, false],
    [{ table: 'public.items' }, false],
    [{ key: '2' }, false],
  ])('lets %j through: %s', (filter, expected) => {
    expect(isChosen(debt(), 'public.users', filter)).toBe(expected);
  });
});
