import type { BrandPosition, CompetitorPosition, ExtractedPosition, FieldProblem } from './position-row.ts';

/** The layout of the stored text. A row of another version has to be delivered again. */
const VERSION = 1;

const SHARED = [
  'processedAt',
  'visibilityIndex',
  'shareOfAnswers',
  'mentions',
  'firstPosition',
  'label',
  'score',
  'positiveSentences',
  'negativeSentences',
] as const;
const BRAND = ['brandId', 'customerId', 'queryId', 'collectorType', 'topic', 'metadata', 'hasPresence'] as const;

/** What the state table has in columns of their own. */
export interface StateKey {
  readonly id: string;
  readonly collectorResultId: string;
}

/**
 * A position as the state table keeps it: one line of JSON, an array without names, because a million rows
 * are written and read back. Whatever was wrong with a field is kept with it.
 */
export function encodeStateRow(position: ExtractedPosition): string {
  const shared = SHARED.map((field) => position[field]);
  const own = position.kind === 'brand' ? BRAND.map((field) => position[field]) : [position.name];
  const problems = position.problems.map(({ column, reason }) => [column, reason]);
  return JSON.stringify([VERSION, position.kind === 'brand' ? 'b' : 'c', problems, ...shared, ...own]);
}

/** The reverse. Throws RangeError on a text that `encodeStateRow` of this version did not write. */
export function decodeStateRow({ id, collectorResultId }: StateKey, text: string): ExtractedPosition {
  const [version, kind, problems, ...fields] = JSON.parse(text) as [number, string, [string, string][], ...unknown[]];
  if (version !== VERSION) throw new RangeError(`the stored row ${id} has layout ${version}, not ${VERSION}`);
  const shared = Object.fromEntries(SHARED.map((field, i) => [field, fields[i]]));
  const base = { id, collectorResultId, problems: problems.map(toProblem), ...shared };
  const own = fields.slice(SHARED.length);
  return kind === 'b'
    ? ({ kind: 'brand', ...base, ...Object.fromEntries(BRAND.map((field, i) => [field, own[i]])) } as BrandPosition)
    : ({ kind: 'competitor', ...base, name: own[0] } as CompetitorPosition);
}

function toProblem([column, reason]: [string, string]): FieldProblem {
  return { column, reason };
}
