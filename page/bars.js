import { byId, html, keepList, setAttributes, setFigure, setText } from './dom.js';
import { count, counted, duration, percent, rate, tableName } from './format.js';

/** @import { FreshnessReport, PipelineReport, SnapshotReport } from '../src/metrics/freshness-report.ts' */

/** Below this share of all rows a field counts as bad. */
const LOW = 0.9;

/**
 * A row for each snapshot and refresh: how far it is, how fast, how long it still takes.
 * @param {FreshnessReport} report
 */
export function showSnapshots({ sources }) {
  const snapshots = sources.flatMap((source) =>
    source.snapshots.map((snapshot) => ({ source: source.name, snapshot })),
  );
  byId('no-snapshots').hidden = snapshots.length > 0;
  keepList(
    byId('snapshots'),
    snapshots.toSorted(
      (a, b) => Number(b.snapshot.status === 'running') - Number(a.snapshot.status === 'running'),
    ),
    ({ source, snapshot }) => `${source} ${snapshot.id} ${snapshot.table}`,
    () => createBar('progress'),
    (node, { snapshot }) => {
      const { table, requested, rowsPublished, estimatedRows, status } = snapshot;
      const [name, figures, bar] = partsOf(node);
      setText(name, `${tableName(table)}${requested ? ', on request' : ''}`);
      setFigure(figures, `snapshots.${snapshot.id}.rowsPublished`, rowsPublished, snapshotText(snapshot));
      const isDone = status === 'finished';
      const max = Math.max(1, estimatedRows ?? 0, rowsPublished);
      const value = isDone ? max : estimatedRows === null ? null : Math.min(rowsPublished, estimatedRows);
      setAttributes(bar, { max, value, 'aria-label': `${table}, ${status}` });
    },
  );
}

/** @param {SnapshotReport} snapshot */
export function snapshotText({
  status,
  rowsPublished,
  estimatedRows,
  rowsPerSecond,
  etaSeconds,
  startedAt,
  finishedAt,
}) {
  if (status === 'finished') {
    const seconds = finishedAt === null ? null : (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000;
    return `${counted(rowsPublished, 'row')} in ${duration(seconds)}`;
  }
  const parts = [
    estimatedRows === null
      ? counted(rowsPublished, 'row')
      : `${count(rowsPublished)} of about ${counted(estimatedRows, 'row')}`,
  ];
  if (status !== 'running') parts.push(status);
  else {
    if (rowsPerSecond !== null) parts.push(rate(rowsPerSecond));
    if (etaSeconds !== null) parts.push(`${duration(etaSeconds)} to go`);
  }
  return parts.join(' · ');
}

/**
 * How much of what the pipelines give is there, and what waits for somebody.
 * @param {FreshnessReport} report
 */
export function showCoverage({ pipelines }) {
  const parts = pipelines.flatMap(coverageOf);
  byId('no-coverage').hidden = parts.length > 0;
  keepList(
    byId('coverage'),
    parts,
    ({ path }) => path,
    () => createBar('meter'),
    (node, { path, label, figure, text, rows, has }) => {
      const [title, figures, bar] = partsOf(node);
      setText(title, label);
      setFigure(figures, path, figure, text);
      bar.hidden = rows === 0;
      const max = Math.max(1, rows);
      setAttributes(bar, {
        max,
        low: LOW * max,
        optimum: max,
        value: has,
        'aria-label': `${label}, ${text}`,
      });
    },
  );
}

/** @param {PipelineReport} pipeline */
export function coverageOf({ name, coverage }) {
  const fields = Object.entries(coverage.fields).map(([field, { missing, rows }]) => ({
    path: `pipelines.${name}.coverage.fields.${field}`,
    label: `${name}: ${labelOf(field)}`,
    figure: missing,
    text: missing === 0 ? '100 %' : `${percent(rows - missing, rows)} · ${count(missing)} missing`,
    rows,
    has: rows - missing,
  }));
  const kinds = Object.entries(coverage.unresolved).map(([kind, things]) => ({
    path: `pipelines.${name}.coverage.unresolved.${kind}`,
    label: `${name}: ${labelOf(kind)}`,
    figure: things,
    text: things === 0 ? 'none' : `${count(things)} unresolved`,
    rows: 0,
    has: 0,
  }));
  return [...fields, ...kinds];
}

/** @param {string} name */
function labelOf(name) {
  return name.replaceAll('_', ' ');
}

/** @param {'progress' | 'meter'} kind */
function createBar(kind) {
  return html(
    'li',
    {},
    html('div', { class: 'head' }, html('span'), html('span', { class: 'figures' })),
    html(kind),
  );
}

/**
 * @param {Element} node
 * @returns {[Element, Element, HTMLElement]}
 */
function partsOf(node) {
  const [head, bar] = node.children;
  const [name, figures] = head?.children ?? [];
  if (name === undefined || figures === undefined || !(bar instanceof HTMLElement)) throw new Error('no bar');
  return [name, figures, bar];
}
