import { byId, html, keepList, setAttributes, setFigure, setText } from './dom.js';
import { count, counted, duration, rate, tableName } from './format.js';

/** @import { FreshnessReport, SnapshotReport } from '../src/metrics/freshness-report.ts' */

/** A row for each snapshot and refresh: how far it is, how fast, how long it still takes. */
/** @param {FreshnessReport} report */
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
    createBar,
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
 * What the targets lack: of all rows where their number is known.
 * @param {FreshnessReport} report
 */
export function showCoverage({ pipelines }) {
  const fields = pipelines.flatMap(({ name, coverage }) => [
    ...Object.entries(coverage.missing).map(([field, missing]) => ({
      name,
      field,
      missing,
      isMissing: true,
    })),
    ...Object.entries(coverage.unresolved).map(([field, missing]) => ({
      name,
      field,
      missing,
      isMissing: false,
    })),
  ]);
  byId('no-coverage').hidden = fields.length > 0;
  keepList(
    byId('coverage'),
    fields,
    ({ name, field }) => `${name} ${field}`,
    createBar,
    (node, { name, field, missing, isMissing }) => {
      const [title, figures, bar] = partsOf(node);
      setText(title, `${name}: ${field.replaceAll('_', ' ')}`);
      const text = missing === 0 ? 'complete' : `${count(missing)} ${isMissing ? 'missing' : 'unresolved'}`;
      setFigure(figures, `pipelines.${name}.coverage.${field}`, missing, text);
      bar.hidden = true;
    },
  );
}

function createBar() {
  return html(
    'li',
    {},
    html('div', { class: 'head' }, html('span'), html('span', { class: 'figures' })),
    html('progress'),
  );
}

/**
 * @param {Element} node
 * @returns {[Element, Element, HTMLProgressElement]}
 */
function partsOf(node) {
  const [head, bar] = node.children;
  const [name, figures] = head?.children ?? [];
  if (name === undefined || figures === undefined || !(bar instanceof HTMLProgressElement))
    throw new Error('no bar');
  return [name, figures, bar];
}
