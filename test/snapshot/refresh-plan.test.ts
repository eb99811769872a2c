import { describe, expect, it } from 'vitest';
import { RefreshPlan, type RefreshRequest } from '../../src/snapshot/refresh-plan.ts';

const REQUEST: RefreshRequest = {
  id: 'r1',
  table: { schema: 'public', name: 't' },
  where: null,
  keys: null,
  tag: null,
  sweepBefore: null,
};
const fresh = (): RefreshPlan => RefreshPlan.fresh(REQUEST, '2026-01-01T00:00:00Z');

describe('a refresh plan', () => {
  it('is read only when every range is published', () => {
    const plan = fresh();
    const range = plan.take();
    if (range === null) throw new Error('nothing to read');
    const last = plan.fix(range, ['10'], true);
    expect(plan.isRead).toBe(false);
    plan.finishRange(last);
    expect(plan.isRead).toBe(true);
  });

  it('gives nothing to read while it is paused', () => {
    const plan = fresh();
    plan.pause();
    expect(plan.take()).toBeNull();
    plan.resume();
    expect(plan.take()).not.toBeNull();
  });
});
