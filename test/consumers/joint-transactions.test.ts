import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { BatchRequest, BatchResult } from '../../src/consumers/batch-transaction.ts';
import { JointTransactions } from '../../src/consumers/joint-transactions.ts';
import { FreshetError } from '../../src/runtime/errors.ts';

const DONE: BatchResult = { kind: 'already' };

function request(partition: number): BatchRequest {
  const progress = { position: '', nextOffset: 0n };
  return {
    lane: { group: 'g', topic: 't', partition },
    from: `public.t/${partition}`,
    items: [],
    believed: progress,
    reached: progress,
    owes: false,
    keepLetters: async () => {},
  };
}

/** Transactions that end when they are told to. */
class HeldTransactions {
  readonly begun: number[][] = [];
  readonly #held: PromiseWithResolvers<void>[] = [];
  readonly #failures = new Map<number, Error>();

  failOn(partition: number, error: Error): void {
    this.#failures.set(partition, error);
  }

  async apply(single: BatchRequest): Promise<BatchResult> {
    await this.applyTogether([single]);
    return DONE;
  }

  async applyTogether(requests: readonly BatchRequest[]): Promise<BatchResult[]> {
    this.begun.push(requests.map(({ lane }) => lane.partition));
    const held = Promise.withResolvers<void>();
    this.#held.push(held);
    await held.promise;
    for (const { lane } of requests) {
      const failure = this.#failures.get(lane.partition);
      if (failure !== undefined) throw failure;
    }
    return requests.map(() => DONE);
  }

  async end(): Promise<void> {
    this.#held.shift()?.resolve();
    await sleep(0);
  }
}

function outcome(result: Promise<BatchResult>): Promise<string> {
  return result.then(
    ({ kind }) => kind,
    (error: unknown) => String(error),
  );
}

describe('Lanes that share transactions', () => {
  it('go together where they come while a transaction runs', async () => {
    const held = new HeldTransactions();
    const joint = new JointTransactions(held);
    const all = [0, 1, 2].map((partition) => joint.apply(request(partition)));
    expect(held.begun).toEqual([[0]]);
    await held.end();
    await sleep(10);
    expect(held.begun).toEqual([[0], [1, 2]]);
    await held.end();
    expect(await Promise.all(all)).toEqual([DONE, DONE, DONE]);
  });

  it('wait for those that came along the last time, but not for long', async () => {
    const held = new HeldTransactions();
    const joint = new JointTransactions(held);
    const before = [0, 1, 2].map((partition) => joint.apply(request(partition)));
    await held.end();
    await sleep(10);
    await held.end();
    await Promise.all(before);
    const one = joint.apply(request(1));
    expect(held.begun).toHaveLength(2);
    const two = joint.apply(request(2));
    expect(held.begun.at(-1)).toEqual([1, 2]);
    await held.end();
    await Promise.all([one, two]);
    const alone = joint.apply(request(2));
    expect(held.begun).toHaveLength(3);
    await sleep(50);
    expect(held.begun.at(-1)).toEqual([2]);
    await held.end();
    await alone;
  });

  it('do not fail with one that cannot be applied', async () => {
    const held = new HeldTransactions();
    const joint = new JointTransactions(held);
    held.failOn(2, new FreshetError('RECORD_INVALID', 'bad row'));
    const all = [0, 1, 2].map((partition) => outcome(joint.apply(request(partition))));
    for (let ends = 0; ends < 4; ends++) {
      await held.end();
      await sleep(10);
    }
    expect(held.begun).toEqual([[0], [1, 2], [1], [2]]);
    expect(await Promise.all(all)).toEqual(['already', 'already', 'FreshetError: bad row']);
  });

  it('are all tried again by themselves when the target is busy', async () => {
    const held = new HeldTransactions();
    const joint = new JointTransactions(held);
    held.failOn(1, new FreshetError('SINK_BUSY', 'busy'));
    const all = [0, 1, 2].map((partition) => outcome(joint.apply(request(partition))));
    await held.end();
    await sleep(10);
    await held.end();
    expect(await Promise.all(all)).toEqual(['already', 'FreshetError: busy', 'FreshetError: busy']);
    expect(held.begun).toHaveLength(2);
  });
});
