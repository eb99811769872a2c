import { byId, html, keepList, setAttributes, setFigure, setText, svg } from './dom.js';
import { count, rate, tableName, time } from './format.js';
import { wordOf } from './tone.js';
import { narrowDrawing, wayOf, wideDrawing } from './way-layout.js';

/** @import { FreshnessReport } from '../src/metrics/freshness-report.ts' */
/** @import { Box, Edge, Label } from './way-parts.js' */

const WIDE = 860;

/** The way of the data as a picture, and the same figures as tables. */
export class Way {
  #place = byId('way');
  #boxes = svg('g');
  #edges = svg('g');
  #picture = svg('svg', { role: 'img', 'aria-labelledby': 'way-title' }, this.#edges, this.#boxes);
  /** @type {FreshnessReport | null} */
  #report = null;

  constructor() {
    this.#place.append(this.#picture);
    new ResizeObserver(() => this.#draw()).observe(this.#place);
  }

  /** @param {FreshnessReport} report */
  show(report) {
    this.#report = report;
    this.#draw();
    showTopics(report);
    showLanes(report);
  }

  #draw() {
    const width = Math.floor(this.#place.clientWidth);
    if (this.#report === null || width === 0) return;
    const drawing = width < WIDE ? narrowDrawing(this.#report, width) : wideDrawing(this.#report, width);
    setAttributes(this.#picture, { viewBox: `-1 -1 ${width + 2} ${drawing.height + 2}` });
    this.#picture.style.height = `${drawing.height + 2}px`;
    keepList(this.#edges, drawing.edges, ({ key }) => key, createEdge, updateEdge);
    keepList(this.#boxes, drawing.boxes, ({ key }) => key, createBox, updateBox);
  }
}

function createEdge() {
  return svg(
    'g',
    {},
    svg('path', { class: 'bed' }),
    svg('path', { class: 'drops' }),
    svg('path', { class: 'tip' }),
    svg('g'),
  );
}

/**
 * @param {SVGElement} group
 * @param {Edge} edge
 */
function updateEdge(group, { path, tip, rate, tone, labels }) {
  const [bed, drops, point, texts] = group.children;
  if (!(drops instanceof SVGElement) || bed === undefined || point === undefined || texts === undefined)
    return;
  setAttributes(group, { class: tone });
  const breadth = 4 + Math.min(14, 3.5 * Math.log10(1 + rate));
  setAttributes(bed, { d: path, 'stroke-width': breadth.toFixed(1) });
  setAttributes(drops, {
    d: path,
    'stroke-width': Math.max(2.5, breadth * 0.28).toFixed(1),
    class: rate > 0 ? 'drops' : 'drops still',
  });
  // In steps: a pace that changed with every figure would make the drops jump.
  const pace = (1.8 / (1 + Math.round(Math.log10(1 + rate)))).toFixed(2);
  if (drops.style.getPropertyValue('--pace') !== pace) drops.style.setProperty('--pace', pace);
  const [x, y, way] = tip;
  setAttributes(point, {
    d:
      way === 'right'
        ? `M${x - 10} ${y - 6}L${x} ${y}L${x - 10} ${y + 6}Z`
        : `M${x - 6} ${y - 10}L${x} ${y}L${x + 6} ${y - 10}Z`,
  });
  showLabels(texts, labels);
}

function createBox() {
  return svg('g', {}, svg('title'), svg('rect', { rx: 8 }), svg('g'));
}

/**
 * @param {SVGElement} group
 * @param {Box} box
 */
function updateBox(group, { x, y, width, height, tone, isEnd, title, labels }) {
  const [name, rect, texts] = group.children;
  if (name === undefined || rect === undefined || texts === undefined) return;
  setAttributes(group, { class: tone });
  setText(name, title);
  setAttributes(rect, { x, y, width, height, class: isEnd ? 'box end' : 'box' });
  showLabels(texts, labels);
}

/**
 * @param {Element} group
 * @param {Label[]} labels
 */
function showLabels(group, labels) {
  keepList(
    group,
    labels.map((label, index) => ({ ...label, index })),
    ({ index }) => String(index),
    () => svg('text'),
    (node, { text, kind, x, y, anchor }) => {
      setAttributes(node, { x, y, class: kind, 'text-anchor': anchor });
      setText(node, text);
    },
  );
}

/** @param {FreshnessReport} report */
function showTopics(report) {
  keepList(
    bodyOf('topics-table'),
    wayOf(report).topics,
    ({ key }) => key,
    () => row(4),
    (node, { source, table }) => {
      const [name, topic, state, published] = node.children;
      if (name === undefined || topic === undefined || state === undefined || published === undefined) return;
      const path = `sources.${source.name}.${table.table}`;
      setText(name, source.name);
      setText(topic, tableName(table.table));
      setFigure(state, `${path}.state`, table.state, wordOf(table.state));
      setFigure(
        published,
        `${path}.publishedPerSecond`,
        table.publishedPerSecond,
        rate(table.publishedPerSecond),
      );
    },
  );
}

/** @param {FreshnessReport} report */
function showLanes({ pipelines }) {
  keepList(
    bodyOf('lanes-table'),
    pipelines.flatMap(({ name, tables }) => tables.map((table) => ({ name, table }))),
    ({ name, table }) => `${name} ${table.table}`,
    () => row(6),
    (node, { name, table }) => {
      const [pipeline, source, state, applied, left, through] = node.children;
      if (pipeline === undefined || source === undefined || state === undefined || applied === undefined)
        return;
      if (left === undefined || through === undefined) return;
      const path = `pipelines.${name}.${table.table}`;
      setText(pipeline, name);
      setText(source, tableName(table.table));
      setFigure(state, `${path}.state`, table.state, wordOf(table.state));
      setFigure(applied, `${path}.appliedPerSecond`, table.appliedPerSecond, rate(table.appliedPerSecond));
      setFigure(left, `${path}.lag.records`, table.lag.records, count(table.lag.records));
      setFigure(through, `${path}.appliedThrough`, table.appliedThrough, time(table.appliedThrough));
      applied.className = left.className = 'number';
    },
  );
}

/** @param {string} id */
function bodyOf(id) {
  const body = byId(id).querySelector('tbody');
  if (body === null) throw new Error(`#${id} has no body`);
  return body;
}

/** @param {number} cells */
function row(cells) {
  const node = html('tr', {}, html('th', { scope: 'row' }));
  for (let i = 1; i < cells; i++) node.append(html('td'));
  return node;
}
