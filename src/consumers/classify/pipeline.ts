import type { ClientBase } from 'pg';
import { connect, type PostgresConfig } from '../../runtime/postgres.ts';
import type { WriteCounts } from '../../sinks/row-writer.ts';
import { targetTable, type TargetTable } from '../../sinks/target-table.ts';
import {
  type ApplyBatch,
  type ApplyOutcome,
  definePipeline,
  type Pipeline,
  type PipelineChange,
  sourceTable,
} from '../define-pipeline.ts';
import { missingTypes } from './missing-types.ts';
import { type PatternChange, PatternChanges } from './pattern-changes.ts';
import { UrlJudge } from './judge.ts';
import { type ClassifyTables, prepareTables, urlTypes } from './tables.ts';
import { UrlChanges, type UrlTable } from './url-changes.ts';
import { UrlReader } from './url-reader.ts';
import { patternRow, urlRow } from './url-row.ts';
import { UrlWriter } from './url-writer.ts';

/** Keeps `page_type` of every URL: docs/classify.md. Writes to the table that it reads. */
export function classifyPipeline(tables: ClassifyTables): Pipeline {
  const core = new ClassifyCore(tables);
  return definePipeline({
    name: 'classify',
    sources: sourcesOf(tables),
    targets: [],
    writesBack: true,
    prepare: (target) => prepare(target, tables),
    companion: missingTypes(tables),
    apply: (batch) => core.apply(batch),
    clear: ({ client, from }) => core.clear(client, from),
  });
}

async function prepare(target: PostgresConfig, tables: ClassifyTables): Promise<void> {
  await using client = await connect(target, 'migrate');
  await prepareTables(client, tables);
}

type ClassifySources = ReturnType<typeof sourcesOf>;
type Change = PipelineChange<ClassifySources>;

function sourcesOf(tables: ClassifyTables) {
  return { urls: sourceTable(tables.urls, urlRow), patterns: sourceTable(tables.patterns, patternRow) };
}

class ClassifyCore {
  readonly #tables: ClassifyTables;
  readonly #reported: TargetTable;
  readonly #urls: UrlChanges;
  readonly #patterns: PatternChanges;
  #table: UrlTable | null = null;

  constructor(tables: ClassifyTables) {
    const [schema = '', name = ''] = tables.urls.split('.');
    const judge = new UrlJudge();
    this.#tables = tables;
    this.#reported = targetTable({
      schema,
      name,
      columns: [{ name: 'id', type: 'text' }],
      key: ['id'],
      stamped: false,
    });
    this.#urls = new UrlChanges(tables, judge);
    this.#patterns = new PatternChanges(tables, judge);
  }

  async apply({ client, from, changes, context }: ApplyBatch<Change>): Promise<ApplyOutcome<Change>> {
    const table = await this.#tableOf(client);
    const patterns = changes.filter((change) => change.source === 'patterns');
    if (patterns.length > 0) {
      const { judged, written } = await this.#patterns.apply(
        client,
        table,
        patterns.map(patternChange),
        from,
      );
      return { counts: [this.#counts(judged, written)] };
    }
    const urls = changes.filter((change) => change.source === 'urls');
    const { judged, written, tallies } = await this.#urls.apply(client, table, urls, context.group);
    return { counts: [this.#counts(judged, written)], tallies };
  }

  /** A TRUNCATE: of URLs nothing is left to do. */
  async clear(client: ClientBase, from: string): Promise<WriteCounts[]> {
    if (!from.startsWith(`${this.#tables.patterns}/`)) return [];
    const table = await this.#tableOf(client);
    const { judged, written } = await this.#patterns.clear(client, table, from);
    return [this.#counts(judged, written)];
  }

  async #tableOf(client: ClientBase): Promise<UrlTable> {
    if (this.#table === null) {
      const types = await urlTypes(client, this.#tables);
      this.#table = {
        reader: new UrlReader(this.#tables, types),
        writer: new UrlWriter(this.#tables, types),
      };
    }
    return this.#table;
  }

  #counts(judged: number, written: number): WriteCounts {
    const unchanged = judged - written;
    return { table: this.#reported, upserts: 0, patches: judged, deletes: 0, written, unchanged };
  }
}

function patternChange(change: Extract<Change, { source: 'patterns' }>): PatternChange {
  // No column of a pattern is so long that it would be left out of a change.
  if (change.kind === 'upsert') return { kind: 'set', row: change.row };
  return { kind: 'gone', id: String(change.key['id']) };
}
