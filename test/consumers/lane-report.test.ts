import { describe, expect, it } from 'vitest';
import type { AppliedBatch } from '../../src/consumers/batch-transaction.ts';
import type { AnyChange } from '../../src/consumers/define-pipeline.ts';
import { LaneReport } from '../../src/consumers/lane-report.ts';
import type { ConsumerObserver } from '../../src/consumers/observer.ts';
import { upsertPipeline } from '../../src/consumers/upsert/pipeline.ts';

describe('the report of a batch', () => {
  it('counts the changes of each kind, in whatever order they came, but for those that were not applied', () => {
    const change = (kind: AnyChange['kind']): AnyChange =>
      ({ source: 'products', kind, key: {}, tag: null, snapshot: true, row: {} }) as unknown as AnyChange;
    const kinds = ['upsert', 'delete', 'upsert', 'upsert', 'patch', 'delete', 'upsert'] as const;
    const changes = kinds.map(change);
    const [notApplied] = changes;
    const told: unknown[] = [];
    const silent = new Proxy({} as ConsumerObserver, { get: () => () => undefined });
    const observer = Object.assign(Object.create(silent) as ConsumerObserver, {
      applied: (...args: unknown[]) => void told.push(args),
    });
    const batch: AppliedBatch = {
      kind: 'applied',
      plan: {
        steps: [{ kind: 'changes', changes }],
        owe: [],
        settle: [],
        settleBefore: null,
        leftOut: 0,
        changedSince: [],
      },
      counts: [],
      notApplied: new Set(notApplied === undefined ? [] : [notApplied]),
    };
    new LaneReport(upsertPipeline, observer).applied(batch, [], { takenMs: 0, begunMs: 0 });
    expect(told).toEqual([
      ['upsert', 'public.products', 'delete', 2],
      ['upsert', 'public.products', 'upsert', 3],
      ['upsert', 'public.products', 'patch', 1],
    ]);
  });
});
