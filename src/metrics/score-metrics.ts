import type { ScorerObserver } from '../consumers/score/openai-scorer.ts';
import type { JobsReport } from './freshness-report.ts';
import type { Metrics } from './metrics.ts';

/** Turns what the scorer's client tells into metrics. */
export function scorerObserver(metrics: Metrics): ScorerObserver {
  // The first of a kind must show as an increase.
  metrics.scorerRequests.inc({ outcome: 'ok' }, 0);
  for (const kind of ['prompt', 'completion']) metrics.scorerTokens.inc({ kind }, 0);
  return {
    requested: (outcome, durationMs) => {
      metrics.scorerRequests.inc({ outcome });
      metrics.scorerSeconds.observe({ outcome }, durationMs / 1_000);
    },
    used: ({ promptTokens, completionTokens, costUsd }) => {
      metrics.scorerTokens.inc({ kind: 'prompt' }, promptTokens);
      metrics.scorerTokens.inc({ kind: 'completion' }, completionTokens);
      if (costUsd !== undefined) metrics.scorerCost.inc(costUsd);
    },
    waited: (durationMs) => metrics.scorerWaitSeconds.inc(durationMs / 1_000),
  };
}

export function showJobs(metrics: Metrics, jobs: JobsReport): void {
  for (const state of ['waiting', 'scheduled', 'running', 'failed'] as const)
    metrics.scoreJobs.set({ state }, jobs[state]);
  metrics.scoreOldestJobSeconds.set(jobs.oldestSeconds);
}
