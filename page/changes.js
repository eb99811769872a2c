import { byId, html, keepList, setText } from './dom.js';
import { duration, tableName, time } from './format.js';

/** @import { ShownChange, ShownValue } from '../src/metrics/page/page-events.ts' */

const MOST = 14;
const WORDS = { upsert: 'written', patch: 'patched', delete: 'deleted' };

/** A sample of the changes, the newest on top. */
export class Changes {
  /** @type {ShownChange[]} */
  #shown = [];

  /** @param {readonly ShownChange[]} changes */
  add(changes) {
    this.#shown = [...changes.toReversed(), ...this.#shown].slice(0, MOST);
    setText(
      byId('changes-note'),
      this.#shown.length === 0
        ? 'Nothing was applied since the page was opened.'
        : 'A sample of what is being applied; personal columns are masked.',
    );
    keepList(byId('changes'), this.#shown, ({ id }) => String(id), createRow);
  }
}

/** @param {ShownChange} change */
function createRow({ at, pipeline, table, kind, key, row, latencyMs }) {
  return html(
    'tr',
    {},
    html('td', {}, html('time', { datetime: at }, time(at))),
    html('td', {}, pipeline),
    html('td', {}, `${tableName(table)} ${WORDS[kind]}`),
    html('td', { class: 'mono' }, ...values(key)),
    html('td', { class: 'mono' }, ...values(row)),
    html('td', { class: 'number' }, latencyMs === null ? 'snapshot' : latency(latencyMs)),
  );
}

/** @param {readonly ShownValue[]} shown */
function values(shown) {
  return shown.flatMap(({ column, text }, index) => [
    `${index === 0 ? '' : ', '}${column}: `,
    text === null ? html('span', { class: 'mask', title: 'personal' }, '•••') : text,
  ]);
}

/** @param {number} ms */
function latency(ms) {
  return ms < 1_000 ? `${Math.round(ms)} ms` : duration(ms / 1_000);
}
