import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TableId } from '../../change/table.ts';
import type { SourceConfig } from '../../config.ts';
import type { Pipeline } from '../../consumers/define-pipeline.ts';
import { consumerGroup } from '../../consumers/pipeline-runner.ts';
import { aborted, runTogether, stopAfter } from '../../runtime/shutdown.ts';
import type { KeyTexts } from '../../snapshot/key-walk.ts';
import { createKafka, type Kafka } from '../../topics/kafka.ts';
import { dlqTopic } from '../../topics/names.ts';
import { endOffsets, hasMembers, withAdmin } from '../../topics/topic-admin.ts';
import type { Engine } from '../engine.ts';
import { awaitApplied, isApplied } from './await-applied.ts';
import { CaptureLink } from './capture-link.ts';
import { askFor, type PublishProgress, publishRefresh, type RefreshRequest } from './publish-refresh.ts';

export interface BackfillRequest {
  readonly pipeline: Pipeline;
  readonly source: SourceConfig;
  /** Of the refresh; a new one is made where it is left out. */
  readonly id?: string;
  readonly parts: readonly {
    readonly table: TableId;
    /** Either a condition or keys, or neither: the whole table. */
    readonly where: string | null;
    readonly keys: readonly KeyTexts[] | null;
  }[];
  /** They travel with every record: `PipelineChange.tag.options`. */
  readonly options: Readonly<Record<string, string>>;
  /** A slot that had to be made for this stays, and retains WAL until a capture runs. */
  readonly keepSlot: boolean;
  /** Goes on with the newest refresh of this group that is not published or not applied wholly, if there is one. */
  readonly resume: boolean;
}

export interface BackfillProgress {
  readonly phase: 'starting' | 'publishing' | 'applying';
  readonly rowsPublished: number;
  /** −1 where nobody knows. */
  readonly estimatedRows: number;
  /** As far as the lag of the group tells. */
  readonly rowsApplied: number;
}

export interface BackfillHooks {
  readonly signal: AbortSignal;
  readonly progress: (progress: BackfillProgress) => void;
}

export interface BackfillOutcome {
  readonly id: string;
  readonly rowsPublished: number;
  /** Of the group, since the backfill began. */
  readonly deadLetters: number;
  /** The signal came first: `resume` goes on with it. */
  readonly interrupted: boolean;
}

/** A member that was killed counts until its session ends. */
const MEMBER_POLL_MS = 2_000;

/**
 * Brings existing rows through one pipeline: asks the capture that lives, or runs one here; runs the
 * pipeline here where nobody does; returns when the group has applied every row. Throws REFRESH_FAILED,
 * REFRESH_CANCELLED, and what stops a capture or a consumer.
 */
export async function runBackfill(
  engine: Engine,
  request: BackfillRequest,
  hooks: BackfillHooks,
): Promise<BackfillOutcome> {
  const { source, pipeline } = request;
  const kafka = createKafka(engine.config.kafka);
  const group = consumerGroup(source.prefix, pipeline);
  const prepared = Promise.all([deadLetters(kafka, request), engine.migrate([pipeline])]);
  // Looked at below; meanwhile its rejection is not an unhandled one.
  prepared.catch(() => {});
  using link = await CaptureLink.open(engine.config, source);
  const [lettersBefore] = await prepared;
  const resumed = request.resume ? await unfinished(engine, link, request, group) : null;
  const id = resumed ?? request.id ?? `${group}-${randomUUID()}`;
  const progress = new ProgressSum(hooks.progress);
  let interrupted = false;
  try {
    await whileConsumed(engine, kafka, request, group, hooks.signal, (signal) =>
      publishAndApply(engine, { ...request, id }, link, { signal, progress }),
    );
  } catch (error) {
    if (!hooks.signal.aborted) throw error;
    interrupted = true;
  }
  const deadLettered = (await deadLetters(kafka, request)) - lettersBefore;
  return { id, rowsPublished: progress.rowsPublished, deadLetters: deadLettered, interrupted };
}

/** The request may reach the capture before it starts. What was published last is applied while the capture ends. */
async function publishAndApply(
  engine: Engine,
  request: BackfillRequest & { readonly id: string },
  link: CaptureLink,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: ProgressSum },
): Promise<void> {
  const { source, pipeline, keepSlot, id } = request;
  const isPublished = new AbortController();
  const published = (): void => isPublished.abort();
  await runTogether(signal, [
    () => askFor(link, refreshRequest(request)),
    async (stop) => {
      const tell = (now: PublishProgress): void => progress.publishing(now);
      await publishRefresh(engine, source, link, id, { keepSlot, signal: stop, progress: tell, published });
    },
    async (stop) => {
      await aborted(AbortSignal.any([stop, isPublished.signal]));
      stop.throwIfAborted();
      await link.look();
      const tell = (left: number): void => progress.applying(left);
      await awaitApplied(engine, source, pipeline, link.ends, { signal: stop, progress: tell });
    },
  ]);
}

function refreshRequest({
  source,
  pipeline,
  id,
  options,
  parts,
}: BackfillRequest & { readonly id: string }): RefreshRequest {
  return {
    kind: 'refresh',
    id,
    group: consumerGroup(source.prefix, pipeline),
    options: { ...options },
    parts: parts.map(({ table, where, keys }) => ({
      table: { ...table },
      where,
      keys: keys?.map((key) => [...key]) ?? null,
    })),
  };
}

/** The newest backfill of the group that is not wholly published, or not wholly applied; single keys are none. */
async function unfinished(
  engine: Engine,
  link: CaptureLink,
  { source, pipeline }: BackfillRequest,
  group: string,
): Promise<string | null> {
  const own = link.plans
    .filter(
      ({ request, status }) =>
        request.tag?.group === group &&
        request.keys === null &&
        status !== 'failed' &&
        status !== 'cancelled',
    )
    .toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  const newest = own.find(({ status }) => status !== 'finished') ?? own[0];
  const id = newest?.request.tag?.id ?? null;
  if (newest?.status !== 'finished') return id;
  return (await isApplied(engine, source, pipeline, link.ends)) ? null : id;
}

/** Does the work beside a consumer of this process, which steps in as soon as nobody else consumes. */
async function whileConsumed(
  engine: Engine,
  kafka: Kafka,
  { pipeline }: BackfillRequest,
  group: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  await stopAfter(signal, work, async (stop) => {
    while (!stop.aborted) {
      if (!(await withAdmin(kafka, (admin) => hasMembers(admin, group))))
        return engine.consume(pipeline, stop);
      await sleep(MEMBER_POLL_MS, undefined, { signal: stop }).catch(() => {});
    }
  });
}

async function deadLetters(kafka: Kafka, { source, pipeline }: BackfillRequest): Promise<number> {
  const ends = await withAdmin(kafka, (admin) => endOffsets(admin, [dlqTopic(source.prefix, pipeline.name)]));
  return ends.reduce((sum, { offset }) => sum + Number(offset), 0);
}

/** What is told to the caller, from what the two phases tell. */
class ProgressSum {
  readonly #tell: BackfillHooks['progress'];
  #published: PublishProgress = { rowsPublished: 0, estimatedRows: -1 };

  constructor(tell: BackfillHooks['progress']) {
    this.#tell = tell;
    tell({ phase: 'starting', ...this.#published, rowsApplied: 0 });
  }

  get rowsPublished(): number {
    return this.#published.rowsPublished;
  }

  publishing(published: PublishProgress): void {
    this.#published = published;
    const phase = published.rowsPublished === 0 ? 'starting' : 'publishing';
    this.#tell({ phase, ...published, rowsApplied: 0 });
  }

  applying(left: number): void {
    const rowsApplied = Math.max(0, this.rowsPublished - left);
    this.#tell({ phase: 'applying', ...this.#published, rowsApplied });
  }
}
