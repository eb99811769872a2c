import { formatTable, type TableId } from '../change/table.ts';
import type { Clock } from '../runtime/clock.ts';
import { FreshetError } from '../runtime/errors.ts';
import { errorMessage, isConnectionLoss } from '../runtime/postgres.ts';
import type { KeyTexts } from '../snapshot/key-walk.ts';
import { RefreshPlan, type RefreshRequest } from '../snapshot/refresh-plan.ts';
import { assertCondition } from '../snapshot/where-clause.ts';
import type { CheckpointEntry } from '../topics/checkpoint.ts';
import type { ControlRequest } from '../topics/control-topic.ts';
import type { ControlDesk } from './control-desk.ts';
import { planKey } from './initial-plan.ts';
import { requestFailure } from './request-failure.ts';

/** What requests have to ask the source. Each throws what PostgreSQL says of them. */
export interface RequestSource {
  /** How many rows a condition picks, as the planner guesses; the condition is checked by it. */
  estimate(table: TableId, where: string | null): Promise<number>;
  /** The keys in the text form that rows have: "07" of an integer is "7". */
  normalise(table: TableId, keys: readonly KeyTexts[]): Promise<KeyTexts[]>;
}

/** Requests that change which tables are captured. */
export interface TableChanges {
  prepare(request: TableRequest): Promise<Apply>;
}

/** Changes what is in memory, all in one go. */
export type Apply = () => Effects;

/** What a request changed in memory, with its answer to become part of one Kafka transaction. */
export interface Effects {
  /** Plans that are new or changed. */
  readonly plans?: readonly string[];
  readonly entries?: readonly CheckpointEntry[];
  /** What is left to do when that is committed; done again by the next start if it is not reached. */
  readonly committed?: () => Promise<void>;
}

export type TableRequest = ControlRequest & { kind: 'add-table' | 'remove-table' };

export interface RequestHandlerOptions {
  readonly plans: Map<string, RefreshPlan>;
  readonly desk: ControlDesk;
  readonly source: RequestSource;
  readonly tables: ReadonlyMap<string, TableId>;
  readonly tableRequests: TableChanges;
  /** The epoch of a whole table's refresh, which ends with a sweep then; null: none is needed. */
  readonly sweepBefore: (table: string) => number | null;
  readonly clock: Clock;
  readonly log: (level: 'info' | 'error', message: string) => void;
}

type Refresh = ControlRequest & { kind: 'refresh' };
type Steering = ControlRequest & { kind: 'pause' | 'resume' | 'cancel' };

/** Keys stand in the checkpoint with their plan, which is written again with each step: so a plan has not many. */
const KEYS_PER_PLAN = 1_000;
/** Ended refreshes that can still be asked about: of single keys, and others. */
const KEPT_PLANS = 100;

/** Does what the control topic asks for. Whatever is wrong with a request is its answer, and the capture goes on. */
export class RequestHandler {
  readonly #options: RequestHandlerOptions;

  constructor(options: RequestHandlerOptions) {
    this.#options = options;
  }

  /** Throws CONNECTION where the source is away: the request is to be handled again. */
  async handle(request: ControlRequest, nextOffset: bigint): Promise<void> {
    const { desk } = this.#options;
    try {
      const apply = await this.#prepare(request);
      const effects = apply();
      desk.done(request.id, { version: 1, at: this.#now(), error: null }, nextOffset, effects);
      if (effects.committed === undefined) return;
      await desk.whenCommitted();
      await effects.committed();
    } catch (error) {
      if (isConnectionLoss(error) || (error instanceof FreshetError && error.action === 'retry')) throw error;
      this.refuse(request.id, error, nextOffset);
    }
  }

  refuse(id: string | null, error: unknown, nextOffset: bigint): void {
    const { desk, log } = this.#options;
    const code = error instanceof FreshetError ? error.code : 'INTERNAL';
    const message = errorMessage(error);
    log('error', `a request was refused: ${message}`);
    desk.done(id, { version: 1, at: this.#now(), error: { code, message } }, nextOffset);
  }

  /** Waits for whatever is to be waited for, and changes nothing yet. */
  async #prepare(request: ControlRequest): Promise<Apply> {
    switch (request.kind) {
      case 'refresh':
        return this.#refresh(request);
      case 'pause':
      case 'resume':
      case 'cancel':
        return () => this.#steer(request);
      case 'add-table':
      case 'remove-table':
        return this.#options.tableRequests.prepare(request);
    }
  }

  async #refresh(request: Refresh): Promise<Apply> {
    const { plans, log, sweepBefore } = this.#options;
    const made: RefreshPlan[] = [];
    for (const part of partsOf(request, sweepBefore)) made.push(await this.#plan(part));
    return () => {
      // A request that was sent twice is done once.
      const added = made.filter((plan) => !plans.has(plan.request.id));
      for (const plan of added) plans.set(plan.request.id, plan);
      this.#forgetOld();
      log('info', `refresh ${request.id} begins: ${describe(request)}`);
      return { plans: added.map((plan) => plan.request.id) };
    };
  }

  /** What can never be read is a plan that has failed: whoever waits for the refresh sees why. */
  async #plan(request: RefreshRequest): Promise<RefreshPlan> {
    const at = this.#now();
    try {
      this.#assertTable(request.table);
      const { source } = this.#options;
      if (request.where !== null) assertCondition(request.where);
      const keys = request.keys === null ? null : await source.normalise(request.table, request.keys);
      const estimate = keys?.length ?? (await source.estimate(request.table, request.where));
      const plan = RefreshPlan.fresh({ ...request, keys }, at);
      plan.estimate(estimate);
      return plan;
    } catch (error) {
      const failure = requestFailure(request, error);
      if (failure === null) throw error;
      const plan = RefreshPlan.fresh(request, at);
      plan.fail(at, failure);
      this.#options.log('error', `refresh ${request.id} failed: ${failure.message}`);
      return plan;
    }
  }

  #assertTable(table: TableId): void {
    const { tables } = this.#options;
    if (tables.has(formatTable(table))) return;
    const known = [...tables.keys()].join(', ');
    throw new FreshetError('USAGE', `table ${formatTable(table)} is not captured here; captured: ${known}`);
  }

  #steer({ kind, refresh }: Steering): Effects {
    const { plans, log } = this.#options;
    const chosen = [...plans.values()].filter(
      ({ request }) => request.id === refresh || request.tag?.id === refresh,
    );
    if (chosen.length === 0) throw new FreshetError('USAGE', `there is no refresh "${refresh}"`);
    const running = chosen.filter((plan) => !plan.isFinished);
    if (running.length === 0) throw new FreshetError('USAGE', `refresh "${refresh}" has ended already`);
    if (kind === 'cancel' && running.some(({ request }) => request.tag === null)) {
      throw new FreshetError(
        'USAGE',
        `"${refresh}" is the first refresh of its table and cannot be cancelled: pause it, or remove the table`,
      );
    }
    const at = this.#now();
    for (const plan of running) {
      if (kind === 'pause') plan.pause();
      else if (kind === 'resume') plan.resume();
      else plan.cancel(at);
    }
    log('info', `refresh ${refresh}: ${kind}`);
    return { plans: running.map((plan) => plan.request.id) };
  }

  #forgetOld(): void {
    const { plans, desk } = this.#options;
    const ended = [...plans.values()].filter((plan) => plan.isFinished && plan.request.tag !== null);
    const byEnd = ended.toSorted((a, b) => ((a.endedAt ?? '') < (b.endedAt ?? '') ? -1 : 1));
    // Pipelines ask for keys by themselves: that must not push out what people wait for.
    for (const kind of Map.groupBy(byEnd, ({ request }) => request.keys === null).values()) {
      for (const { request } of kind.slice(0, -KEPT_PLANS)) {
        plans.delete(request.id);
        desk.forget(planKey(request.id));
      }
    }
  }

  #now(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }
}

function partsOf(
  { id, group, options, parts }: Refresh,
  sweepBefore: RequestHandlerOptions['sweepBefore'],
): RefreshRequest[] {
  const tag = { id, group, options };
  const pieces = parts.flatMap(
    ({ table, where, keys }): Pick<RefreshRequest, 'table' | 'where' | 'keys'>[] => {
      if (keys === null) return [{ table, where, keys: null }];
      return slices(keys).map((slice) => ({ table, where: null, keys: slice }));
    },
  );
  return pieces.map((piece, n) => {
    const isWhole = piece.where === null && piece.keys === null;
    return {
      ...piece,
      id: `${id}/${n}`,
      tag,
      sweepBefore: isWhole ? sweepBefore(formatTable(piece.table)) : null,
    };
  });
}

function slices(keys: readonly KeyTexts[]): (readonly KeyTexts[])[] {
  const count = Math.ceil(keys.length / KEYS_PER_PLAN);
  return Array.from({ length: count }, (_, i) => keys.slice(i * KEYS_PER_PLAN, (i + 1) * KEYS_PER_PLAN));
}

function describe({ parts }: Refresh): string {
  return parts
    .map(({ table, where, keys }) => {
      const scope =
        keys === null ? (where === null ? 'everything' : `where ${where}`) : `${keys.length} keys`;
      return `${formatTable(table)} (${scope})`;
    })
    .join(', ');
}
