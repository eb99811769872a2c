import { brief, bytes, counted, duration, rate, tableName, time } from './format.js';
import { toneOf, wordOf } from './tone.js';

/** @import { PipelineReport, PipelineTableReport, SourceReport, SourceTableReport } from '../src/metrics/freshness-report.ts' */
/** @import { Tone } from './tone.js' */

/** @typedef {{ text: string, kind: string, x: number, y: number, anchor: 'start' | 'middle' | 'end' }} Label */
/** @typedef {{ key: string, x: number, y: number, width: number, height: number, tone: Tone, isEnd: boolean, title: string, labels: Label[] }} Box */
/** @typedef {{ key: string, path: string, tip: [number, number, 'right' | 'down'], rate: number, tone: Tone, labels: Label[] }} Edge */
/** @typedef {{ key: string, source: SourceReport, table: SourceTableReport }} Topic */
/** @typedef {{ topic: Topic, pipeline: PipelineReport, table: PipelineTableReport }} Lane */

export const TOPIC_HEIGHT = 34;
/** About as wide as a letter is, in shares of its size. */
const LETTER = 0.57;

/** @typedef {{ x: number, y: number, width: number, height: number }} Place */

/**
 * @param {SourceReport} source
 * @param {Place} place
 * @returns {Box}
 */
export function sourceBox(source, place) {
  const x = place.x + 12;
  const room = place.width - 20;
  const middle = place.y + place.height / 2;
  const kept = source.slot === null ? null : source.slot.retainedBytes;
  const lines = [
    label(fit(source.name, room, 14), 'name', x, middle - 14),
    label(fit(wordOf(source.state), room, 12), 'soft', x, middle + 5),
    ...(kept === null ? [] : [label(fit(`WAL kept ${bytes(kept)}`, room, 12), 'soft', x, middle + 23)]),
  ];
  return {
    key: `source ${source.name}`,
    ...place,
    tone: toneOf(source.state),
    isEnd: true,
    title: source.name,
    labels: lines,
  };
}

/**
 * @param {Topic} topic
 * @param {Place} place
 * @returns {Box}
 */
export function topicBox({ key, table }, place) {
  const y = place.y + place.height / 2 + 5;
  const name = label(fit(tableName(table.table), place.width - 20, 13), 'topic', place.x + 10, y);
  return {
    key: `topic ${key}`,
    ...place,
    tone: toneOf(table.state),
    isEnd: false,
    title: `${table.topic}, ${wordOf(table.state)}`,
    labels: [name],
  };
}

/**
 * @param {PipelineReport} pipeline
 * @param {Place} place
 * @returns {Box}
 */
export function pipelineBox(pipeline, place) {
  const { name, state, ageSeconds } = pipeline;
  const x = place.x + 12;
  const text = ageSeconds === null ? wordOf(state) : `${wordOf(state)}, ${duration(ageSeconds)} old`;
  return {
    key: `pipeline ${name}`,
    ...place,
    tone: toneOf(state),
    isEnd: false,
    title: `${name}, ${text}`,
    labels: [
      label(fit(name, place.width - 24, 14), 'name', x, place.y + 24),
      label(fit(text, place.width - 20, 12), 'soft', x, place.y + 43),
    ],
  };
}

/**
 * @param {number} pipelines
 * @param {Place} place
 * @returns {Box}
 */
export function targetBox(pipelines, place) {
  const middle = place.y + place.height / 2;
  const labels = [
    label('Targets', 'name', place.x + 12, middle - 4),
    label(`of ${counted(pipelines, 'pipeline')}`, 'soft', place.x + 12, middle + 15),
  ];
  return { key: 'targets', ...place, tone: 'good', isEnd: true, title: 'Targets', labels };
}

/**
 * @param {Topic} topic
 * @param {number} x1
 * @param {number} x2
 * @param {number} y
 * @returns {Edge}
 */
export function publishEdge(topic, x1, x2, y) {
  const { source, table } = topic;
  const middle = (x1 + x2) / 2 - 4;
  return {
    key: `publish ${topic.key}`,
    path: `M${x1} ${y}H${x2 - 8}`,
    tip: [x2, y, 'right'],
    rate: table.publishedPerSecond ?? 0,
    tone: toneOf(table.state),
    labels: [
      label(rate(table.publishedPerSecond), 'label', middle, y - 12, 'middle'),
      label(`${duration(source.lag.seconds)} behind`, 'label soft lag', middle, y + 22, 'middle'),
    ],
  };
}

/**
 * @param {Lane} lane
 * @param {{ x1: number, y1: number, x2: number, y2: number }} ends
 * @param {boolean} isShared  other pipelines read the topic as well
 * @returns {Edge}
 */
export function laneEdge(lane, { x1, y1, x2, y2 }, isShared) {
  const { topic, pipeline, table } = lane;
  const bend = (x2 - x1) * 0.45;
  const x = isShared ? x2 - 16 : x1 + 10;
  // On the side that the curve turns away from.
  const y = isShared ? y2 - 12 : y1 + (y2 < y1 ? 22 : -12);
  const anchor = isShared ? 'end' : 'start';
  return {
    key: `lane ${topic.key} ${pipeline.name}`,
    path: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - 8 - bend} ${y2} ${x2 - 8} ${y2}`,
    tip: [x2, y2, 'right'],
    rate: table.appliedPerSecond ?? 0,
    tone: toneOf(table.state),
    labels: [label(laneText(lane), 'label lag', x, y, anchor)],
  };
}

/**
 * @param {PipelineReport} pipeline
 * @param {number} x1
 * @param {number} x2
 * @param {number} y
 * @returns {Edge}
 */
export function writeEdge(pipeline, x1, x2, y) {
  const middle = (x1 + x2) / 2 - 4;
  return {
    key: `write ${pipeline.name}`,
    path: `M${x1} ${y}H${x2 - 8}`,
    tip: [x2, y, 'right'],
    rate: pipeline.rates?.writtenPerSecond ?? 0,
    tone: toneOf(pipeline.state),
    labels: [
      label(rate(pipeline.rates?.writtenPerSecond ?? null), 'label', middle, y - 12, 'middle'),
      label(`up to ${time(pipeline.appliedThrough)}`, 'label soft lag', middle, y + 22, 'middle'),
    ],
  };
}

/** @param {Topic} topic */
export function publishText({ source, table }) {
  return `${rate(table.publishedPerSecond)} · ${duration(source.lag.seconds)} behind`;
}

/** @param {Lane} lane */
export function laneText({ table }) {
  return `${rate(table.appliedPerSecond)} · ${brief(table.lag.records)} left`;
}

/** @param {PipelineReport} pipeline */
export function writeText({ rates, appliedThrough }) {
  return `${rate(rates?.writtenPerSecond ?? null)} · up to ${time(appliedThrough)}`;
}

/**
 * @param {string} text
 * @param {string} kind
 * @param {number} x
 * @param {number} y
 * @param {'start' | 'middle' | 'end'} [anchor]
 * @returns {Label}
 */
export function label(text, kind, x, y, anchor = 'start') {
  return { text, kind, x, y, anchor };
}

/**
 * @param {string} text
 * @param {number} room
 * @param {number} size
 */
function fit(text, room, size) {
  const most = Math.max(3, Math.floor(room / (size * LETTER)));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
