import { byId, html, keepList, setAttributes, setText } from './dom.js';
import { counted, duration, percent, time } from './format.js';
import { openLetters, toneOf, wordOf, worstPipeline } from './tone.js';

/** @import { FreshnessReport, PipelineReport } from '../src/metrics/freshness-report.ts' */

/** @typedef {{ before: string, at: string | null, after: string, summary: string }} Sentence */
/** @typedef {Sentence & { tone: string, word: string }} Headline */

let announced = '';

/**
 * The answer to the one question: is everything here yet?
 * @param {FreshnessReport} report
 */
export function showHeadline(report) {
  const headline = headlineOf(report);
  const state = byId('state');
  setAttributes(state, { 'data-state': headline.tone });
  setText(state, headline.word);
  const title = byId('headline');
  if (headline.at === null) setText(title, headline.before);
  else showTime(title, headline.before, headline.at, headline.after);
  setText(byId('summary'), headline.summary);
  showAlerts(report);
  announce(headline.word);
}

/**
 * @param {FreshnessReport} report
 * @returns {Headline}
 */
export function headlineOf(report) {
  const worst = worstPipeline(report);
  if (worst === null)
    return { tone: 'still', word: 'no pipelines', ...plain('No pipeline is configured.', null) };
  return { tone: toneOf(worst.state), word: wordOf(worst.state), ...sentenceOf(report, worst) };
}

/**
 * @param {FreshnessReport} report
 * @param {PipelineReport} worst
 * @returns {Sentence}
 */
function sentenceOf(report, worst) {
  const { name, state, error, appliedThrough: at } = worst;
  const summary = behindSummary(worst);
  switch (state) {
    case 'fresh':
      return {
        before: 'Everything committed before ',
        at,
        after: ' is in place.',
        summary: freshSummary(report, worst),
      };
    case 'behind':
      return { before: `${name} has everything that was committed before `, at, after: '.', summary };
    case 'paused':
      return { before: `${name} is paused. It has everything committed before `, at, after: '.', summary };
    case 'backfilling':
      return plain('Existing rows are on their way.', backfillSummary(report));
    case 'halted':
      return plain(`${name} cannot go on alone.`, error);
    case 'unknown':
      return plain(`Nobody can say how fresh ${name} is.`, error);
    default:
      return plain(`${name} has applied nothing yet.`, error);
  }
}

/**
 * @param {string} before
 * @param {string | null} summary
 * @returns {Sentence}
 */
function plain(before, summary) {
  return { before, at: null, after: '', summary: summary ?? '' };
}

/**
 * @param {FreshnessReport} report
 * @param {PipelineReport} oldest
 */
function freshSummary(report, oldest) {
  const letters = openLetters(report);
  return [
    `${duration(oldest.ageSeconds)} behind now`,
    `${report.pipelines.length === 1 ? 'one pipeline' : `all ${report.pipelines.length} pipelines`} fresh`,
    letters === 0 ? 'no dead letters' : `${counted(letters, 'dead letter')} open`,
  ].join(' · ');
}

/** @param {PipelineReport} pipeline */
function behindSummary({ ageSeconds, lag }) {
  return `${duration(ageSeconds)} behind now · ${counted(lag.records, 'record')} to apply`;
}

/** @param {FreshnessReport} report */
function backfillSummary({ sources, pipelines }) {
  const running = sources.flatMap(({ snapshots }) => snapshots).filter(({ status }) => status === 'running');
  const rows = running.reduce((sum, { rowsPublished }) => sum + rowsPublished, 0);
  const guesses = running.map(({ estimatedRows }) => estimatedRows);
  const etas = running.map(({ etaSeconds }) => etaSeconds);
  const parts = [`${counted(running.length, 'table')} being read`];
  const all = guesses.reduce((/** @type {number} */ sum, guess) => sum + (guess ?? 0), 0);
  if (all > 0 && !guesses.includes(null)) parts.push(`about ${percent(Math.min(rows, all), all)} published`);
  const eta = etas.reduce((/** @type {number} */ longest, each) => Math.max(longest, each ?? 0), 0);
  if (eta > 0) parts.push(`about ${duration(eta)} to go`);
  const left = pipelines.reduce((sum, { lag }) => sum + (lag.records ?? 0), 0);
  if (running.length === 0) return `all rows are published · ${counted(left, 'record')} to apply`;
  return parts.join(' · ');
}

/**
 * @param {HTMLElement} title
 * @param {string} before
 * @param {string} iso
 * @param {string} after
 */
function showTime(title, before, iso, after) {
  let node = title.querySelector('time');
  if (node === null || title.firstChild?.textContent !== before || title.lastChild?.textContent !== after) {
    node = html('time');
    title.replaceChildren(before, node, after);
  }
  setAttributes(node, { datetime: iso });
  setText(node, time(iso));
}

/** @param {FreshnessReport} report */
function showAlerts(report) {
  keepList(
    byId('alerts'),
    alertsOf(report),
    ({ text }) => text,
    ({ tone, text }) => html('li', { 'data-state': tone }, text),
  );
}

/**
 * What somebody has to do something about.
 * @param {FreshnessReport} report
 */
export function alertsOf({ sources, pipelines }) {
  /** @type {{ tone: string, text: string }[]} */
  const alerts = [];
  const bad = (/** @type {string} */ text) => alerts.push({ tone: 'bad', text });
  for (const { name, state, error, slot, tables } of sources) {
    if (state === 'stopped')
      bad(`${name}: no capture holds the slot. Start freshet run, or freshet capture.`);
    if (error !== null) bad(`${name}: ${error}`);
    if (slot?.walStatus === 'lost') bad(`${name}: the slot ${slot.name} is lost.`);
    if (slot?.walStatus === 'unreserved') bad(`${name}: the slot ${slot.name} is about to be lost.`);
    if (slot?.refreshesHeld === true)
      alerts.push({ tone: 'late', text: `${name}: refreshes wait, as the slot keeps too much WAL.` });
    for (const { table, halt } of tables)
      if (halt !== null) bad(`${table} is halted: ${halt.message}. ${halt.cure}`);
  }
  for (const { name, error } of pipelines) if (error !== null) bad(`${name}: ${error}`);
  return alerts;
}

/**
 * Told to screen readers only when the state changes, not with every figure.
 * @param {string} word
 */
function announce(word) {
  if (word === announced) return;
  announced = word;
  setText(byId('announcer'), `The data is: ${word}`);
}
