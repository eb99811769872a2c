import type { ClientBase } from 'pg';
import type { z } from 'zod';
import type { RefreshTag, Row } from '../change/change.ts';
import type { TableId } from '../change/table.ts';
import { FreshetError } from '../runtime/errors.ts';
import type { PostgresConfig } from '../runtime/postgres.ts';
import type { Lane } from '../sinks/positions.ts';
import type { WriteCounts } from '../sinks/row-writer.ts';
import type { DeliveryListener } from '../sinks/http/delivery.ts';
import type { Migration, TargetNeeds } from '../sinks/schema.ts';
import type { TargetTable } from '../sinks/target-table.ts';
import type { Write } from '../sinks/write.ts';
import { type DeliverDefinition, deliverySteps } from './deliver.ts';
import type { LookUp, LookUpResults, LookUpShapes } from './look-ups.ts';

/** A source table, and the shape in which a pipeline reads its rows. Columns that `row` lacks are not decoded. */
export interface SourceTable<Shape extends z.ZodObject = z.ZodObject> {
  readonly table: TableId;
  /** Parses a decoded row; see `Value` for what each type decodes to. A row that it refuses is a dead letter. */
  readonly row: Shape;
  /** SQL types of columns, for topics of JSON without schemas (docs/debezium.md). */
  readonly types?: Readonly<Record<string, string>>;
}

interface ChangeBase<Name extends string> {
  /** The name of the source in the pipeline's `sources`. */
  readonly source: Name;
  readonly key: Row;
  /** The refresh that the row belongs to; null for a streamed change. */
  readonly tag: RefreshTag | null;
  readonly snapshot: boolean;
  /** The source's transaction, of 32 bits; null for a snapshot's row. */
  readonly xid: number | null;
  /** The position's wire form. Of a key that changed several times in a batch, the last one. */
  readonly position: string;
  readonly epoch: number;
}

type RowChange<Name extends string, Parsed> =
  | (ChangeBase<Name> & { readonly kind: 'upsert'; readonly row: Parsed })
  /** An update of which some TOASTed columns are not known: those are not in `row`. */
  | (ChangeBase<Name> & { readonly kind: 'patch'; readonly row: Partial<Parsed> })
  | (ChangeBase<Name> & { readonly kind: 'delete' });

export type Sources = Readonly<Record<string, SourceTable>>;

/** A change of any of the sources; `source` tells which, and so the type of `row`. */
export type PipelineChange<S extends Sources> = {
  [Name in keyof S & string]: RowChange<Name, z.output<S[Name]['row']>>;
}[keyof S & string];

export interface PipelineContext<Shapes extends LookUpShapes = LookUpShapes> {
  /** The consumer group: a pipeline with costs acts on an `r` only where the tag names it. */
  readonly group: string;
  /**
   * For a patch, the row of `lookup` as it is stored now: values as PostgreSQL's text, arrays as arrays.
   * Null where there is none of this epoch: then the change is to be left out, a refresh brings the row.
   */
  stored(change: AnyChange): Row | null;
  /** What the pipeline's look-ups found for the changes of this batch. */
  readonly lookUps: LookUpResults<Shapes>;
}

/** What `apply` is given: changes of one partition, at most one a key, within the batch's transaction (READ COMMITTED). */
export interface ApplyBatch<Change> {
  readonly client: ClientBase;
  readonly lane: Lane;
  /** "<source schema>.<source table>/<partition>", the stamp of the partition's rows. */
  readonly from: string;
  readonly changes: readonly Change[];
  readonly context: PipelineContext;
  /** The same object for all batches of one transaction: what `finish` needs can be kept under it. */
  readonly work: object;
}

export interface Rejection<Change> {
  readonly change: Change;
  /** Short, in capitals: it labels metrics and filters dead letters. */
  readonly code: string;
  readonly message: string;
}

export interface ApplyOutcome<Change> {
  readonly counts: readonly WriteCounts[];
  /** Become dead letters before the transaction commits; their keys are owed. */
  readonly rejected?: readonly Rejection<Change>[];
  /** Partial changes that could not be applied: no dead letter, but their keys are owed. */
  readonly incomplete?: readonly Change[];
  /** Refresh id → name → count, kept where the refresh names the own group; see `readTallies`. */
  readonly tallies?: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** Everything that came from a partition is gone; with `before`, what was last seen before that epoch. */
export interface ClearBatch {
  readonly client: ClientBase;
  readonly lane: Lane;
  readonly from: string;
  readonly before: number | null;
  readonly work: object;
}

/** What a task beside the consumption is given. */
interface CompanionContext {
  readonly target: PostgresConfig;
  /** Rows that this process has written and committed so far. */
  readonly writes: () => number;
  /** Tells the age of a materialized view. */
  readonly viewAge: (view: string, seconds: number) => void;
  /** Tells how many things of a kind wait for somebody to mend the source. */
  readonly unresolved: (kind: string, count: number) => void;
  /** Tells how many rows lack a value that the pipeline gives, of how many. */
  readonly missing: (field: string, rows: number, of: number) => void;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
}

export type Companion = (context: CompanionContext, signal: AbortSignal) => Promise<void>;

/** The end of a transaction. */
interface FinishBatch {
  readonly client: ClientBase;
  readonly group: string;
  readonly work: object;
}

/** A row that a unit is to have in a target table. */
export interface UnitRow {
  readonly table: TargetTable;
  readonly row: Row;
}

/**
 * For results that need rows of several keys, partitions or topics. The runtime keeps the sources' rows, and
 * computes a unit again, under a lock, whenever a row that names it comes, changes or goes.
 */
interface UnitsDefinition<S extends Sources> {
  /** The units that a row belongs to; none is allowed, an empty text is not. Pure. */
  readonly of: {
    readonly [Name in keyof S & string]: (row: z.output<S[Name]['row']>) => readonly string[];
  };
  /**
   * All rows that the unit is to have now; those that it had and that are missing here are deleted. Pure;
   * the rows come ordered by their key. A target row belongs to one unit at a time.
   */
  readonly compute: (
    unit: string,
    rows: { readonly [Name in keyof S & string]: readonly z.output<S[Name]['row']>[] },
  ) => readonly UnitRow[];
}

export interface PipelineDefinition<S extends Sources, L extends LookUpShapes = LookUpShapes> {
  /** Part of the consumer group's name: lower-case letters, digits, hyphens. */
  readonly name: string;
  readonly sources: S;
  /** Tables in the order in which rows are to be written; deletes go the other way. */
  readonly targets: readonly TargetTable[];
  readonly migrations?: readonly Migration[];
  /** Creates what SQL migrations cannot, in the target database; repeatable. Called after the migrations. */
  prepare?(target: PostgresConfig): Promise<void>;
  /** The target row that patches need to see before they can be transformed. */
  readonly lookup?: { readonly table: TargetTable; readonly keyOf: (change: PipelineChange<S>) => Row };
  /**
   * Rows of the target database to hand to `transform`, asked for once a batch. They are as they stand then: a row
   * that changes later changes nothing that was written by it.
   */
  readonly lookUps?: { readonly [Name in keyof L]: LookUp<PipelineChange<S>, L[Name]> };
  /**
   * Pure. `changes` come from one partition and have at most one entry per key. Deletes by TRUNCATE and
   * sweep do not come here: the stamps of the target's rows decide them.
   */
  transform?(changes: readonly PipelineChange<S>[], context: PipelineContext<L>): readonly Write[];
  /** The declared form of a pipeline whose units span keys, partitions or topics; its targets have no stamps. */
  readonly units?: UnitsDefinition<S>;
  /** An API to tell of the changes: at least once, with idempotency keys; see docs/pipelines.md. */
  readonly deliver?: DeliverDefinition<PipelineChange<S>>;
  /** Writes with SQL of its own, after what `transform` wrote. It must be repeatable: a batch can be rolled back and tried again. */
  apply?(batch: ApplyBatch<PipelineChange<S>>): Promise<ApplyOutcome<PipelineChange<S>>>;
  /** While it says so in the batch's transaction, TRUNCATE and sweep leave the targets' rows alone. */
  holdsRows?(client: ClientBase): Promise<boolean>;
  /** TRUNCATE and sweep for what `apply` keeps; stamped targets are cleared by the runtime. */
  clear?(batch: ClearBatch): Promise<readonly WriteCounts[]>;
  /**
   * For units that span partitions or tables. Called once a transaction, after every `apply` and `clear` of
   * it; batches that several partitions have ready at the same time then share a transaction.
   */
  finish?(batch: FinishBatch): Promise<Pick<ApplyOutcome<never>, 'counts' | 'tallies'>>;
  /** Runs in each process beside the consumption, until the signal; what it throws stops the pipeline. */
  readonly companion?: Companion;
  /**
   * The target is the database of the pipeline's own source, so that its writes come back as changes: a
   * change that needs no write must cause none. Its targets have no stamps, and are never swept.
   */
  readonly writesBack?: boolean;
  /** What it reads was posted to Freshet: no capture publishes it, and nothing can be read again. */
  readonly posted?: boolean;
}

export type AnyChange = RowChange<string, Readonly<Record<string, unknown>>>;

/** A pipeline as the runtime sees it, whatever its rows are. */
export interface Pipeline extends TargetNeeds {
  readonly sources: Sources;
  readonly lookup: { readonly table: TargetTable; readonly keyOf: (change: AnyChange) => Row } | null;
  readonly lookUps: ReadonlyMap<string, LookUp<AnyChange>>;
  readonly transform: (changes: readonly AnyChange[], context: PipelineContext) => readonly Write[];
  readonly prepare: ((target: PostgresConfig) => Promise<void>) | null;
  readonly apply: ((batch: ApplyBatch<AnyChange>) => Promise<ApplyOutcome<AnyChange>>) | null;
  readonly holdsRows: ((client: ClientBase) => Promise<boolean>) | null;
  readonly clear: ((batch: ClearBatch) => Promise<readonly WriteCounts[]>) | null;
  readonly finish: ((batch: FinishBatch) => Promise<Pick<ApplyOutcome<never>, 'counts' | 'tallies'>>) | null;
  readonly units: PipelineUnits | null;
  /** Hears how the pipeline's API is told; null of a pipeline that tells none. */
  readonly watchDelivery: ((listener: DeliveryListener) => void) | null;
  readonly companion: Companion | null;
  readonly writesBack: boolean;
  readonly posted: boolean;
}

type AnyRow = Readonly<Record<string, unknown>>;

export interface PipelineUnits {
  readonly of: (source: string, row: AnyRow) => readonly string[];
  readonly compute: (unit: string, rows: Readonly<Record<string, readonly AnyRow[]>>) => readonly UnitRow[];
}

/** A pipeline whose sources the compiler knows: the test kit types its changes by them. */
export interface TypedPipeline<S extends Sources> extends Pipeline {
  readonly sources: S;
}

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?$/;

/** Throws CONFIG_INVALID on a name that can be no part of a group's name, and on what does not go together. */
export function definePipeline<const S extends Sources, const L extends LookUpShapes>(
  definition: PipelineDefinition<S, L>,
): TypedPipeline<S> {
  // The runtime gives each source's rows through that source's own parser: the types hold by construction.
  const erased = definition as unknown as PipelineDefinition<Sources>;
  assertSound(erased);
  const { lookup, deliver } = erased;
  const steps = deliver === undefined ? null : deliverySteps(erased.name, deliver);
  return {
    name: definition.name,
    sources: definition.sources,
    targets: definition.targets,
    migrations: [...(steps?.migrations ?? []), ...(definition.migrations ?? [])],
    lookup: lookup === undefined ? null : { table: lookup.table, keyOf: (change) => lookup.keyOf(change) },
    lookUps: new Map(Object.entries(erased.lookUps ?? {})),
    transform: (changes, context) => erased.transform?.(changes, context) ?? [],
    prepare: erased.prepare?.bind(erased) ?? null,
    companion: erased.companion ?? null,
    apply: steps?.apply ?? erased.apply?.bind(erased) ?? null,
    holdsRows: erased.holdsRows?.bind(erased) ?? null,
    clear: steps?.clear ?? erased.clear?.bind(erased) ?? null,
    finish: erased.finish?.bind(erased) ?? null,
    units: erased.units === undefined ? null : erasedUnits(erased.units),
    watchDelivery: deliver === undefined ? null : (listener) => deliver.to.watch?.(listener),
    writesBack: definition.writesBack ?? false,
    posted: definition.posted ?? false,
  };
}

function erasedUnits({ of, compute }: UnitsDefinition<Sources>): PipelineUnits {
  return { of: (source, row) => of[source]?.(row) ?? [], compute };
}

function assertSound(definition: PipelineDefinition<Sources>): void {
  const { name, targets, writesBack, units, deliver } = definition;
  const problems: string[] = [];
  if (name === 'capture') problems.push('the name is taken: the capture has dead letters of its own');
  if (!NAME.test(name)) problems.push('expected a name of lower-case letters, digits and hyphens');
  const hasOwn = definition.apply !== undefined || definition.clear !== undefined;
  if (!hasOwn && definition.transform === undefined && units === undefined && deliver === undefined)
    problems.push('has none of transform, units, deliver and apply');
  if (deliver !== undefined && hasOwn)
    problems.push('delivers, so it can have no apply and clear of its own');
  const stamped = targets.find((table) => table.stamped);
  if ((writesBack === true || units !== undefined) && stamped !== undefined) {
    const why = units === undefined ? 'writes back' : 'has units';
    problems.push(`${why}, so its target "${stamped.schema}.${stamped.name}" must say stamped: false`);
  }
  if (problems.length > 0)
    throw new FreshetError('CONFIG_INVALID', `pipeline "${name}": ${problems.join('; ')}`);
}

/** `sourceTable('public.products', z.object({…}))`. Throws CONFIG_INVALID where `table` is no "schema.name". */
export function sourceTable<Shape extends z.ZodObject>(
  table: string,
  row: Shape,
  options: Pick<SourceTable<Shape>, 'types'> = {},
): SourceTable<Shape> {
  const [schema, name, ...rest] = table.split('.');
  if (schema === undefined || name === undefined || name === '' || rest.length > 0) {
    throw new FreshetError('CONFIG_INVALID', `source table "${table}": expected "schema.name"`);
  }
  return { table: { schema, name }, row, ...options };
}
