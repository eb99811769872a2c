import type { ClientBase } from 'pg';
import type { RefreshTag } from '../../change/change.ts';
import { readPatterns } from './account-patterns.ts';
import { type PageTypeValue, type UrlJudge } from './judge.ts';
import { BATCH_SIZE, RECLASSIFY } from './refresh-options.ts';
import type { ClassifyTables } from './tables.ts';
import { ClassifyTally, type Outcome } from './tally.ts';
import { CLASSIFIER_SOURCE, type UrlRow } from './url-row.ts';
import type { UrlReader } from './url-reader.ts';
import type { JudgedUrl, UrlWriter } from './url-writer.ts';

interface ChangeOf<Row> {
  readonly tag: RefreshTag | null;
  readonly key: Readonly<Record<string, unknown>>;
  readonly row: Row;
}

/** A change of a URL's row, as the runtime gives it. */
export type UrlChange =
  | (ChangeOf<UrlRow> & { readonly kind: 'upsert' })
  | (ChangeOf<Partial<UrlRow>> & { readonly kind: 'patch' })
  | { readonly kind: 'delete' };

/** How the rows of `urls` are reached. */
export interface UrlTable {
  readonly reader: UrlReader;
  readonly writer: UrlWriter;
}

interface Applied {
  readonly judged: number;
  readonly written: number;
  readonly tallies: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

interface TaggedRow {
  readonly row: UrlRow;
  /** Of a refresh that the own group asked for. */
  readonly tag: RefreshTag | null;
}

/** Judges the rows of changes and writes what differs. A change that is the echo of an own write writes nothing. */
export class UrlChanges {
  readonly #tables: ClassifyTables;
  readonly #judge: UrlJudge;

  constructor(tables: ClassifyTables, judge: UrlJudge) {
    this.#tables = tables;
    this.#judge = judge;
  }

  async apply(
    client: ClientBase,
    { reader, writer }: UrlTable,
    changes: readonly UrlChange[],
    group: string,
  ): Promise<Applied> {
    const rows = await wholeRows(client, reader, changes, group);
    const { matchers } = await readPatterns(client, this.#tables.patterns, accountsOf(rows));
    const tally = new RefreshTally();
    const judged: (JudgedUrl & TaggedRow)[] = [];
    for (const { row, tag } of rows) {
      const anew = tag?.options[RECLASSIFY] === 'true';
      const judgement = this.#judge.judge(row, matchers.get(row.account_id ?? ''), anew);
      if (judgement.kind === 'judged') judged.push({ row, tag, value: judgement.value });
      else tally.add(tag, row, judgement.kind === 'kept' ? 'manual' : 'unchanged', null);
    }
    const written = await writer.write(client, judged, statementRows(rows));
    for (const { row, tag, value } of judged)
      if (written.has(row.id)) tally.add(tag, row, 'classified', value);
    await tallyOthers(
      client,
      reader,
      judged.filter(({ row, tag }) => tag !== null && !written.has(row.id)),
      tally,
    );
    return { judged: judged.length, written: written.size, tallies: tally.counts };
  }
}

/** Counts a row under the refresh that it belongs to. */
class RefreshTally {
  readonly #byRefresh = new Map<string, ClassifyTally>();

  get counts(): ReadonlyMap<string, ReadonlyMap<string, number>> {
    return new Map([...this.#byRefresh].map(([id, tally]) => [id, tally.counts]));
  }

  add(tag: RefreshTag | null, row: UrlRow, outcome: Outcome, value: PageTypeValue | null): void {
    if (tag === null) return;
    let tally = this.#byRefresh.get(tag.id);
    if (tally === undefined) this.#byRefresh.set(tag.id, (tally = new ClassifyTally()));
    tally.add(row, outcome, value ?? (outcome === 'unchanged' ? heldBy(row) : null));
  }
}

function heldBy({ page_type: type, page_type_rule: rule }: UrlRow): Parameters<ClassifyTally['add']>[2] {
  return type === null ? null : { type, rule, confidence: null };
}

/** Rows with columns that the change did not carry are read: the table that they came from is this one. */
async function wholeRows(
  client: ClientBase,
  reader: UrlReader,
  changes: readonly UrlChange[],
  group: string,
): Promise<TaggedRow[]> {
  const rows: TaggedRow[] = [];
  const partial: string[] = [];
  for (const change of changes) {
    if (change.kind === 'upsert')
      rows.push({ row: change.row, tag: change.tag?.group === group ? change.tag : null });
    else if (change.kind === 'patch') partial.push(String(change.key['id']));
  }
  for (const row of await reader.read(client, partial)) rows.push({ row, tag: null });
  return rows;
}

function accountsOf(rows: readonly TaggedRow[]): Set<string> {
  const accounts = new Set<string>();
  for (const { row } of rows) if (row.account_id !== null) accounts.add(row.account_id);
  return accounts;
}

/** The smallest that a refresh in the batch asks for. */
function statementRows(rows: readonly TaggedRow[]): number | undefined {
  let least: number | undefined;
  for (const { tag } of rows) {
    const size = Number(tag?.options[BATCH_SIZE] ?? NaN);
    if (size >= 1 && (least === undefined || size < least)) least = size;
  }
  return least;
}

/** Rows that the statement left alone: they held the value, a person's came in between, or they changed. */
async function tallyOthers(
  client: ClientBase,
  reader: UrlReader,
  judged: readonly (JudgedUrl & TaggedRow)[],
  tally: RefreshTally,
): Promise<void> {
  const now = await reader.read(
    client,
    judged.map(({ row }) => row.id),
  );
  const byId = new Map(now.map((row) => [row.id, row]));
  for (const { row, tag, value } of judged) {
    const found = byId.get(row.id);
    if (found !== undefined && found.page_type !== null && found.page_type_source !== CLASSIFIER_SOURCE)
      tally.add(tag, row, 'manual', null);
    else if (found?.url === row.url && found.title === row.title) tally.add(tag, row, 'unchanged', value);
    else tally.add(tag, row, 'superseded', null);
  }
}
