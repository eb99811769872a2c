/** @import { FreshnessReport, PipelineReport } from '../src/metrics/freshness-report.ts' */

/** @typedef {'good' | 'late' | 'bad' | 'still'} Tone */

/** How a state looks, and how it is told in a word: never by its colour alone. */
const STATES = /** @type {Readonly<Record<string, { tone: Tone, word: string }>>} */ ({
  fresh: { tone: 'good', word: 'fresh' },
  live: { tone: 'good', word: 'live' },
  streaming: { tone: 'good', word: 'streaming' },
  'snapshot-only': { tone: 'still', word: 'snapshots only' },
  backfilling: { tone: 'late', word: 'backfilling' },
  behind: { tone: 'late', word: 'behind' },
  paused: { tone: 'late', word: 'paused' },
  waiting: { tone: 'still', word: 'waiting' },
  empty: { tone: 'still', word: 'nothing captured yet' },
  stopped: { tone: 'bad', word: 'stopped' },
  halted: { tone: 'bad', word: 'halted' },
  unknown: { tone: 'bad', word: 'no answer' },
});

/** @param {string} state */
export function toneOf(state) {
  return STATES[state]?.tone ?? 'still';
}

/** @param {string} state */
export function wordOf(state) {
  return STATES[state]?.word ?? state;
}

const WORST = ['unknown', 'halted', 'behind', 'backfilling', 'paused', 'waiting', 'fresh'];

/**
 * The pipeline that decides how it stands with all of them: the worst state, the oldest target.
 * @param {FreshnessReport} report
 * @returns {PipelineReport | null}
 */
export function worstPipeline({ pipelines }) {
  const rank = (/** @type {PipelineReport} */ { state }) => WORST.indexOf(state);
  const sorted = pipelines.toSorted(
    (a, b) => rank(a) - rank(b) || (a.appliedThrough ?? '').localeCompare(b.appliedThrough ?? ''),
  );
  return sorted[0] ?? null;
}

/** @param {FreshnessReport} report */
export function openLetters({ pipelines }) {
  let letters = 0;
  for (const { deadLetters } of pipelines) for (const open of Object.values(deadLetters)) letters += open;
  return letters;
}
