import {
  TOPIC_HEIGHT,
  label,
  laneEdge,
  laneText,
  pipelineBox,
  publishEdge,
  publishText,
  sourceBox,
  targetBox,
  topicBox,
  writeEdge,
  writeText,
} from './way-parts.js';

/** @import { FreshnessReport, PipelineReport } from '../src/metrics/freshness-report.ts' */
/** @import { Box, Edge, Lane, Topic } from './way-parts.js' */

/** On each side of a narrow drawing. */
const SIDE = 34;
/** Right of a narrow topic. */
const LANE_ROOM = 36;
/** Above a narrow topic. */
const LABEL_ROOM = 30;

/** @typedef {{ height: number, boxes: Box[], edges: Edge[] }} Drawing */

/**
 * @param {FreshnessReport} report
 * @returns {{ topics: Topic[], lanes: Lane[] }} the topics in the order of the pipelines that read them
 */
export function wayOf({ sources, pipelines }) {
  const topics = new Map(
    sources.flatMap((source) =>
      source.tables.map(
        (table) =>
          /** @type {const} */ ([
            `${source.name} ${table.table}`,
            { key: `${source.name} ${table.table}`, source, table },
          ]),
      ),
    ),
  );
  const lanes = pipelines.flatMap((pipeline) =>
    pipeline.tables.flatMap((table) => {
      const topic = topics.get(`${pipeline.source} ${table.table}`);
      return topic === undefined ? [] : [{ topic, pipeline, table }];
    }),
  );
  const inOrder = new Set([...lanes.map(({ topic }) => topic), ...topics.values()]);
  // A source's topics stay together, beside it.
  const bySource = sources.flatMap((source) => [...inOrder].filter((topic) => topic.source === source));
  return { topics: bySource, lanes };
}

/**
 * Sources, topics, pipelines and targets from left to right.
 * @param {FreshnessReport} report
 * @param {number} width
 * @returns {Drawing}
 */
export function wideDrawing(report, width) {
  const { topics, lanes } = wayOf(report);
  const { pipelines } = report;
  const isTight = width < 980;
  const [sourceWidth, topicWidth, pipelineWidth, targetWidth] = isTight
    ? [112, 132, 148, 92]
    : [160, 178, 190, 120];
  const gap = Math.floor((width - sourceWidth - topicWidth - pipelineWidth - targetWidth) / 3);
  const topicX = sourceWidth + gap;
  const pipelineX = topicX + topicWidth + gap;
  const targetX = pipelineX + pipelineWidth + gap;
  const height = Math.max(topics.length * 58, pipelines.length * 78, 96);
  const topicAt = new Map(
    topics.map((topic, index) => [topic.key, ((index + 0.5) * height) / topics.length]),
  );
  const pipelineAt = new Map(
    pipelines.map(({ name }, index) => [name, ((index + 0.5) * height) / pipelines.length]),
  );
  /** @type {Box[]} */
  const boxes = [];
  /** @type {Edge[]} */
  const edges = [];
  for (const source of report.sources) {
    const own = topics.filter((topic) => topic.source === source).map(({ key }) => topicAt.get(key) ?? 0);
    const top = (own[0] ?? 48) - 29;
    boxes.push(
      sourceBox(source, { x: 0, y: top, width: sourceWidth, height: (own.at(-1) ?? 48) + 29 - top }),
    );
  }
  for (const topic of topics) {
    const y = topicAt.get(topic.key) ?? 0;
    boxes.push(
      topicBox(topic, { x: topicX, y: y - TOPIC_HEIGHT / 2, width: topicWidth, height: TOPIC_HEIGHT }),
    );
    edges.push(publishEdge(topic, sourceWidth, topicX, y));
  }
  for (const pipeline of pipelines) {
    const y = pipelineAt.get(pipeline.name) ?? 0;
    boxes.push(pipelineBox(pipeline, { x: pipelineX, y: y - 28, width: pipelineWidth, height: 56 }));
    const own = lanes.filter((lane) => lane.pipeline === pipeline);
    for (const [index, lane] of own.entries()) {
      const end = y + (index - (own.length - 1) / 2) * Math.min(22, 44 / own.length);
      const start = topicAt.get(lane.topic.key) ?? 0;
      const isShared = lanes.filter(({ topic }) => topic === lane.topic).length > 1;
      edges.push(laneEdge(lane, { x1: topicX + topicWidth, y1: start, x2: pipelineX, y2: end }, isShared));
    }
    edges.push(writeEdge(pipeline, pipelineX + pipelineWidth, targetX, y));
  }
  if (pipelines.length > 0)
    boxes.push(targetBox(pipelines.length, { x: targetX, y: 0, width: targetWidth, height }));
  return { height, boxes, edges };
}

/**
 * From top to bottom, for narrow screens: the sources' water comes down on the left, the results go down on the right.
 * @param {FreshnessReport} report
 * @param {number} width
 * @returns {Drawing}
 */
export function narrowDrawing(report, width) {
  const { topics, lanes } = wayOf(report);
  const { sources, pipelines } = report;
  const boxes = sources.map((source, index) => sourceBox(source, { x: 0, y: index * 84, width, height: 76 }));
  /** @type {Edge[]} */
  const edges = [];
  const trunk = sources.length * 84 - 8;
  const box = { x: SIDE, width: width - 2 * SIDE };
  const read = new Set(lanes.map(({ topic }) => topic));
  let y = trunk;
  for (const topic of topics.filter((each) => !read.has(each)))
    y = placeTopic({ boxes, edges }, topic, null, { ...box, y, trunk });
  /** @type {{ pipeline: PipelineReport, y: number }[]} */
  const placed = [];
  for (const pipeline of pipelines) {
    const own = lanes.filter((lane) => lane.pipeline === pipeline);
    const starts = own.map((lane) => {
      const start = y;
      y = placeTopic({ boxes, edges }, lane.topic, pipeline.name, { ...box, y, trunk });
      return start + LABEL_ROOM + TOPIC_HEIGHT / 2;
    });
    const top = y + 22;
    for (const [index, lane] of own.entries()) edges.push(narrowLane(lane, box, starts[index] ?? y, top));
    boxes.push(pipelineBox(pipeline, { ...box, y: top, height: 56 }));
    placed.push({ pipeline, y: top + 28 });
    y = top + 56;
  }
  const bottom = y + 34;
  for (const { pipeline, y: at } of placed) edges.push(narrowWrite(pipeline, box, at, bottom));
  if (pipelines.length === 0) return { height: y, boxes, edges };
  boxes.push(targetBox(pipelines.length, { x: 0, y: bottom, width, height: 52 }));
  return { height: bottom + 52, boxes, edges };
}

/**
 * @param {{ boxes: Box[], edges: Edge[] }} drawing
 * @param {Topic} topic
 * @param {string | null} reader
 * @param {{ x: number, y: number, width: number, trunk: number }} place
 * @returns {number} where it ends
 */
function placeTopic({ boxes, edges }, topic, reader, { x, y, width, trunk }) {
  const top = y + LABEL_ROOM;
  const middle = top + TOPIC_HEIGHT / 2;
  edges.push({
    ...publishEdge(topic, 0, 0, 0),
    key: `publish ${topic.key} ${reader}`,
    path: `M${SIDE / 2} ${trunk}V${middle}H${x - 8}`,
    tip: [x, middle, 'right'],
    labels: [label(publishText(topic), 'label lag', x, top - 8)],
  });
  const box = topicBox(topic, { x, y: top, width: width - LANE_ROOM, height: TOPIC_HEIGHT });
  boxes.push({ ...box, key: `${box.key} ${reader}` });
  return top + TOPIC_HEIGHT + (reader === null ? 0 : 20);
}

/**
 * @param {Lane} lane
 * @param {{ x: number, width: number }} box
 * @param {number} start
 * @param {number} end
 * @returns {Edge}
 */
function narrowLane(lane, { x, width }, start, end) {
  const right = x + width - LANE_ROOM / 2;
  return {
    ...laneEdge(lane, { x1: 0, y1: 0, x2: 0, y2: 0 }, false),
    path: `M${x + width - LANE_ROOM} ${start}H${right}V${end - 8}`,
    tip: [right, end, 'down'],
    labels: [label(laneText(lane), 'label lag', x + width - LANE_ROOM, start + TOPIC_HEIGHT / 2 + 16, 'end')],
  };
}

/**
 * @param {PipelineReport} pipeline
 * @param {{ x: number, width: number }} box
 * @param {number} at
 * @param {number} bottom
 * @returns {Edge}
 */
function narrowWrite(pipeline, { x, width }, at, bottom) {
  const right = x + width + SIDE / 2;
  return {
    ...writeEdge(pipeline, 0, 0, 0),
    path: `M${x + width} ${at}H${right}V${bottom - 8}`,
    tip: [right, bottom, 'down'],
    labels: [label(writeText(pipeline), 'label lag', x + width, at + 46, 'end')],
  };
}
