import { byId, html, keepList, setAttributes, setFigure, setText, svg } from './dom.js';
import { duration, time } from './format.js';
import { toneOf, wordOf } from './tone.js';

/** @import { FreshnessReport, PipelineReport } from '../src/metrics/freshness-report.ts' */
/** @import { AgeSample, PageEvents } from '../src/metrics/page/page-events.ts' */

const SPAN_MS = 600_000;
const HEIGHT = 96;
const TOP = 14;
const BOTTOM = 16;
/** Beyond it a gap is left: nobody looked meanwhile. */
const GAP_MS = 15_000;

/** The age of each pipeline's target over the last minutes. */
export class Plots {
  /** @type {Map<string, AgeSample[]>} */
  #ages = new Map();
  /** @type {Map<string, PlotCard>} */
  #cards = new Map();

  /** @param {PageEvents['past']} past */
  begin({ ages }) {
    this.#ages = new Map(Object.entries(ages).map(([name, samples]) => [name, [...samples]]));
  }

  /** @param {FreshnessReport} report */
  show({ at, pipelines }) {
    const now = Date.parse(at);
    keepList(
      byId('plots'),
      pipelines,
      ({ name }) => name,
      ({ name }) => {
        const card = new PlotCard();
        this.#cards.set(name, card);
        return card.node;
      },
      (_node, pipeline) => this.#cards.get(pipeline.name)?.show(pipeline, this.#add(pipeline, now), now),
    );
  }

  /**
   * @param {PipelineReport} pipeline
   * @param {number} now
   */
  #add({ name, ageSeconds }, now) {
    const samples = this.#ages.get(name) ?? [];
    this.#ages.set(name, samples);
    if ((samples.at(-1)?.[0] ?? 0) < now) samples.push([now, ageSeconds]);
    while ((samples[0]?.[0] ?? now) < now - SPAN_MS) samples.shift();
    return samples;
  }
}

class PlotCard {
  #name = html('span');
  #word = html('span', { class: 'word' });
  #value = html('p', { class: 'value' });
  #through = html('p', { class: 'through' });
  #area = svg('path', { class: 'area' });
  #curve = svg('path', { class: 'curve' });
  #top = svg('text', { x: 0, y: TOP - 4 });
  #hair = svg('line', { class: 'hair', y1: TOP, y2: HEIGHT - BOTTOM, visibility: 'hidden' });
  #read = svg('text', { y: TOP - 4, 'text-anchor': 'middle', visibility: 'hidden' });
  #plot = svg(
    'svg',
    { role: 'img' },
    svg('line', { class: 'grid', x1: 0, x2: '100%', y1: TOP, y2: TOP }),
    svg('line', { class: 'grid', x1: 0, x2: '100%', y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM }),
    this.#area,
    this.#curve,
    this.#hair,
    this.#top,
    this.#read,
    svg('text', { x: 0, y: HEIGHT - 2 }, '10 min ago'),
    svg('text', { x: '100%', y: HEIGHT - 2, 'text-anchor': 'end' }, 'now'),
  );
  #rows = html('tbody');
  node = html(
    'li',
    { class: 'plot' },
    html('h3', {}, this.#name, this.#word),
    this.#value,
    this.#through,
    this.#plot,
    html(
      'details',
      {},
      html('summary', {}, 'As a table'),
      html(
        'table',
        {},
        html(
          'thead',
          {},
          html(
            'tr',
            {},
            html('th', { scope: 'col' }, 'Minutes ago'),
            html('th', { scope: 'col', class: 'number' }, 'Oldest'),
          ),
        ),
        this.#rows,
      ),
    ),
  );
  /** @type {readonly AgeSample[]} */
  #samples = [];
  #now = 0;
  /** 0 before the page is laid out. */
  #width = 0;
  /** @type {number | null} */
  #pointer = null;

  constructor() {
    this.#plot.addEventListener('pointermove', (event) => {
      const box = this.#plot.getBoundingClientRect();
      this.#pointer = (event.clientX - box.left) / box.width;
      this.#readOut();
    });
    this.#plot.addEventListener('pointerleave', () => {
      this.#pointer = null;
      this.#readOut();
    });
    // Also when it is laid out for the first time.
    new ResizeObserver(() => this.#draw()).observe(this.#plot);
  }

  /**
   * @param {PipelineReport} pipeline
   * @param {readonly AgeSample[]} samples
   * @param {number} now
   */
  show({ name, state, ageSeconds, appliedThrough }, samples, now) {
    this.#samples = samples;
    this.#now = now;
    setAttributes(this.node, { 'data-state': toneOf(state) });
    setText(this.#name, name);
    setFigure(this.#word, `pipelines.${name}.state`, state, wordOf(state));
    setFigure(this.#value, `pipelines.${name}.ageSeconds`, ageSeconds, duration(ageSeconds));
    setFigure(
      this.#through,
      `pipelines.${name}.appliedThrough`,
      appliedThrough,
      appliedThrough === null ? 'nothing applied yet' : `complete up to ${time(appliedThrough)}`,
    );
    this.#draw();
    const worst = worstByMinute(samples, now);
    const known = worst.map(({ seconds }) => seconds).filter((seconds) => seconds !== null);
    setAttributes(this.#plot, {
      'aria-label': `${name}: at most ${duration(Math.max(0, ...known))} behind in the last ten minutes, ${duration(ageSeconds)} now`,
    });
    keepList(
      this.#rows,
      worst,
      ({ minute }) => String(minute),
      () => html('tr', {}, html('th', { scope: 'row' }), html('td', { class: 'number' })),
      (row, { minute, seconds }) => {
        if (row.firstChild !== null)
          setText(row.firstChild, minute === 0 ? 'up to 1' : `${minute} to ${minute + 1}`);
        if (row.lastChild !== null) setText(row.lastChild, duration(seconds));
      },
    );
  }

  #draw() {
    this.#width = this.#plot.clientWidth;
    if (this.#width === 0) return;
    const scale = new Scale(this.#samples, this.#now, this.#width);
    setText(this.#top, duration(scale.top));
    const curve = scale.curve(this.#samples);
    setAttributes(this.#curve, { d: curve });
    setAttributes(this.#area, { d: areaUnder(curve) });
    this.#readOut();
  }

  /** What was when, under the pointer. */
  #readOut() {
    const at = this.#pointer === null ? null : this.#now - SPAN_MS * (1 - this.#pointer);
    const near =
      at === null
        ? undefined
        : this.#samples.toSorted((a, b) => Math.abs(a[0] - at) - Math.abs(b[0] - at))[0];
    const visibility = near === undefined ? 'hidden' : 'visible';
    setAttributes(this.#hair, { visibility });
    setAttributes(this.#read, { visibility });
    if (near === undefined) return;
    const x = xOf(near[0], this.#now, this.#width);
    setAttributes(this.#hair, { x1: x, x2: x });
    setAttributes(this.#read, { x: Math.min(this.#width - 60, Math.max(60, x)) });
    setText(this.#read, `${duration(near[1])} at ${time(new Date(near[0]).toISOString())}`);
  }
}

class Scale {
  #now;
  #width;
  top;

  /**
   * @param {readonly AgeSample[]} samples
   * @param {number} now
   * @param {number} width
   */
  constructor(samples, now, width) {
    this.#now = now;
    this.#width = width;
    this.top = niceTop(samples.reduce((most, [, seconds]) => Math.max(most, seconds ?? 0), 0));
  }

  /** @param {readonly AgeSample[]} samples */
  curve(samples) {
    let path = '';
    let last = /** @type {AgeSample | null} */ (null);
    for (const sample of samples) {
      if (sample[1] === null) {
        last = null;
        continue;
      }
      const isNew = last === null || sample[0] - last[0] > GAP_MS;
      path += `${isNew ? 'M' : 'L'}${xOf(sample[0], this.#now, this.#width)} ${this.#yOf(sample[1])}`;
      last = sample;
    }
    return path;
  }

  /** @param {number} seconds */
  #yOf(seconds) {
    const share = Math.min(1, seconds / this.top);
    return Math.round((HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)) * 10) / 10;
  }
}

/**
 * Each piece of the curve, down to the ground at both of its ends.
 * @param {string} curve
 */
function areaUnder(curve) {
  return curve
    .split('M')
    .filter((part) => part !== '')
    .map((part) => {
      const [start] = part.split(' ', 1);
      const end = (part.split('L').at(-1) ?? part).split(' ', 1)[0];
      return `M${start} ${HEIGHT - BOTTOM}L${part}L${end} ${HEIGHT - BOTTOM}Z`;
    })
    .join('');
}

/**
 * @param {number} at
 * @param {number} now
 * @param {number} width
 */
function xOf(at, now, width) {
  return Math.round((1 - (now - at) / SPAN_MS) * width * 10) / 10;
}

/** @param {number} seconds */
function niceTop(seconds) {
  const tops = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];
  return tops.find((top) => top >= seconds) ?? Math.ceil(seconds / 86_400) * 86_400;
}

/**
 * @param {readonly AgeSample[]} samples
 * @param {number} now
 */
function worstByMinute(samples, now) {
  const minutes = Array.from({ length: SPAN_MS / 60_000 }, (_, minute) => ({
    minute,
    seconds: /** @type {number | null} */ (null),
  }));
  for (const [at, seconds] of samples) {
    const minute = minutes[Math.min(minutes.length - 1, Math.floor((now - at) / 60_000))];
    if (minute !== undefined && seconds !== null) minute.seconds = Math.max(minute.seconds ?? 0, seconds);
  }
  return minutes;
}
