import type { ExtractedPosition, FieldProblem } from './position-row.ts';

/** The layout of the stored text. A row of another version has to be delivered again. */
const VERSION = 1;

/** What the state table has in columns of their own. */
export interface StateKey {
  readonly id: string;
  readonly collectorResultId: string;
}

type Text = string | null;
type Problems = readonly (readonly [column: string, reason: string])[];
type Shared = [
  version: number,
  problems: Problems,
  processedAt: Text,
  visibilityIndex: Text,
  shareOfAnswers: Text,
  mentions: number | null,
  firstPosition: number | null,
  label: Text,
  score: Text,
  positiveSentences: Text,
  negativeSentences: Text,
];
type BrandLayout = [
  ...Shared,
  kind: 'b',
  brandId: Text,
  customerId: Text,
  queryId: Text,
  collectorType: Text,
  topic: Text,
  metadata: Text,
  hasPresence: boolean | null,
];
type CompetitorLayout = [...Shared, kind: 'c', name: string];

/**
 * A position as the state table keeps it: one line of JSON, an array without names, because a million rows
 * are written and read back. Whatever was wrong with a field is kept with it.
 */
export function encodeStateRow(position: ExtractedPosition): string {
  const shared: Shared = [
    VERSION,
    position.problems.map(({ column, reason }) => [column, reason] as const),
    position.processedAt,
    position.visibilityIndex,
    position.shareOfAnswers,
    position.mentions,
    position.firstPosition,
    position.label,
    position.score,
    position.positiveSentences,
    position.negativeSentences,
  ];
  if (position.kind === 'competitor')
    return JSON.stringify([...shared, 'c', position.name] satisfies CompetitorLayout);
  const { brandId, customerId, queryId, collectorType, topic, metadata, hasPresence } = position;
  const own = [brandId, customerId, queryId, collectorType, topic, metadata, hasPresence] as const;
  return JSON.stringify([...shared, 'b', ...own] satisfies BrandLayout);
}

/** The reverse. Throws RangeError on a text of another layout. */
export function decodeStateRow({ id, collectorResultId }: StateKey, text: string): ExtractedPosition {
  const fields = JSON.parse(text) as BrandLayout | CompetitorLayout;
  if (fields[0] !== VERSION)
    throw new RangeError(`the stored row ${id} has layout ${fields[0]}, not ${VERSION}`);
  const shared = {
    id,
    collectorResultId,
    problems: fields[1].map(toProblem),
    processedAt: fields[2],
    visibilityIndex: fields[3],
    shareOfAnswers: fields[4],
    mentions: fields[5],
    firstPosition: fields[6],
    label: fields[7],
    score: fields[8],
    positiveSentences: fields[9],
    negativeSentences: fields[10],
  };
  if (fields[11] === 'c') return { kind: 'competitor', ...shared, name: fields[12] };
  const [brandId, customerId, queryId, collectorType, topic, metadata, hasPresence] = fields.slice(
    12,
  ) as BrandOwn;
  return {
    kind: 'brand',
    ...shared,
    brandId,
    customerId,
    queryId,
    collectorType,
    topic,
    metadata,
    hasPresence,
  };
}

type BrandOwn = [Text, Text, Text, Text, Text, Text, boolean | null];

function toProblem([column, reason]: Problems[number]): FieldProblem {
  return { column, reason };
}
