import type { Config } from '../../config.ts';
import type { Pipeline } from '../../consumers/define-pipeline.ts';
import { LocalScorer } from '../../consumers/score/local-scorer.ts';
import { OpenAiScorer, type ScorerObserver } from '../../consumers/score/openai-scorer.ts';
import { createScorePipeline } from '../../consumers/score/pipeline.ts';
import type { LeadScorer } from '../../consumers/score/scorer.ts';
import { JobQueue } from '../../sinks/job-queue.ts';

/** The configured scorer: an endpoint where there is one, else the local one. */
export function createScorer({ score, scorer }: Config, observer?: ScorerObserver): LeadScorer {
  if (scorer === null) return new LocalScorer(score.scale);
  const { timeoutMs, requestsPerMinute, answerFormat, promptUsdPerMillion, completionUsdPerMillion } =
    score.endpoint;
  const priced = promptUsdPerMillion !== undefined || completionUsdPerMillion !== undefined;
  return new OpenAiScorer({
    baseUrl: scorer.url,
    apiKey: scorer.apiKey,
    model: scorer.model,
    scale: score.scale,
    timeoutMs,
    answerFormat,
    prices: priced
      ? {
          promptUsdPerMillion: promptUsdPerMillion ?? 0,
          completionUsdPerMillion: completionUsdPerMillion ?? 0,
        }
      : null,
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(observer === undefined ? {} : { observer }),
  });
}

export function scoreQueue({ score }: Config): JobQueue {
  return new JobQueue(score.queueSchema);
}

export function scorePipeline(config: Config): Pipeline {
  return createScorePipeline({
    queue: scoreQueue(config),
    scorerVersion: createScorer(config).version,
    lowestScore: config.score.scale.min,
    maxAttempts: config.score.maxAttempts,
  });
}
