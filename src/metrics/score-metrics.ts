import type { ScorerObserver } from '../consumers/score/openai-scorer.ts';
import type { JobStates } from '../sinks/job-queue.ts';
import type { Metrics } from './metrics.ts';

/** Turns what the scorer's client tells into metrics. */
export function scorerObserver(metrics: Metrics): ScorerObserver {
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

export function showJobs(metrics: Metrics, states: JobStates, unscored: number): void {
  for (const state of ['waiting', 'scheduled', 'running', 'failed'] as const)
    metrics.scoreJobs.set({ state }, states[state]);
  metrics.scoreOldestJobSeconds.set(states.oldestSeconds);
  metrics.scoreUnscoredLeads.set(unscored);
}
