import { describe, expect, it } from 'vitest';
import { RefreshPlan, type RefreshPlanState, type RefreshRequest } from '../../src/snapshot/refresh-plan.ts';

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
  it('walks the table along its key, one frontier at a time', () => {
    const plan = fresh();
    expect(plan.take()).toEqual({ after: null, upTo: null });
    expect(plan.take()).toBeNull();
    expect(plan.fixFrontier(['10'], false)).toEqual({ after: null, upTo: ['10'] });
    expect(plan.take()).toEqual({ after: ['10'], upTo: null });
  });

  it('is read only when every range is published', () => {
    const plan = fresh();
    plan.take();
    const range = plan.fixFrontier(['10'], true);
    expect(plan.isRead).toBe(false);
    plan.finishRange(range);
    expect(plan.isRead).toBe(true);
  });

  it('reads a dropped range again with the bounds of its first read', () => {
    const plan = fresh();
    plan.take();
    const range = plan.fixFrontier(['10'], false);
    plan.giveBack(range);
    expect(plan.take()).toEqual({ after: null, upTo: ['10'] });
  });

  it('gives a frontier back that was never read', () => {
    const plan = fresh();
    const range = plan.take();
    if (range !== null) plan.giveBack(range);
    expect(plan.take()).toEqual({ after: null, upTo: null });
  });

  it('goes on from its checkpoint: open ranges first, finished ones never', () => {
    const plan = fresh();
    plan.take();
    const first = plan.fixFrontier(['10'], false);
    plan.take();
    plan.fixFrontier(['20'], false);
    plan.finishRange(first);
    const restarted = new RefreshPlan(JSON.parse(JSON.stringify(plan.state)) as RefreshPlanState);
    expect(restarted.take()).toEqual({ after: ['10'], upTo: ['20'] });
    expect(restarted.take()).toEqual({ after: ['20'], upTo: null });
  });

  it('leaves the last range without an upper bound, and planned again where it was not published', () => {
    const plan = fresh();
    plan.take();
    plan.finishRange(plan.fixFrontier(['10'], false));
    plan.take();
    const last = plan.fixFrontier(['20'], true);
    expect(last).toEqual({ after: ['10'], upTo: null });
    expect(plan.take()).toBeNull();
    expect(plan.state).toMatchObject({ planned: false, cursor: ['10'], open: [] });
    plan.giveBack(last);
    expect(plan.take()).toEqual({ after: ['10'], upTo: null });
  });

  it('of an empty table is read once that is published', () => {
    const plan = fresh();
    plan.take();
    const range = plan.fixFrontier(null, true);
    expect(plan.isRead).toBe(false);
    plan.finishRange(range);
    expect(plan.isRead).toBe(true);
  });
});
