import { CAPTURE_KEY } from '../../capture/history.ts';
import { type Published, readPublished } from '../../capture/published.ts';
import type { Config, SourceConfig } from '../../config.ts';
import type { AppliedThrough, PublishedMark } from '../../metrics/applied-through.ts';
import { CommitClock } from '../../metrics/commit-clock.ts';
import { errorMessage } from '../../runtime/postgres.ts';
import { atPageStart } from '../../snapshot/chunk-reader.ts';
import { identifySystem, readSlot, type SlotStatus, type SystemIdentity } from '../../source/slot.ts';
import { readWalReading } from '../../source/wal-position.ts';
import { CheckpointReader } from '../../topics/checkpoint.ts';
import { createKafka } from '../../topics/kafka.ts';
import { checkpointTopic } from '../../topics/names.ts';
import { partitionCounts, withAdmin } from '../../topics/topic-admin.ts';
import { PatientLook } from './patient-look.ts';
import { WatchedDatabase } from './watched-database.ts';

/** Marks of the checkpoint's past are taken this far apart. */
const MARK_MS = 250;

/** What any process can see of one source: the source itself, its slot, and the capture's checkpoint. */
export class SourceView implements AsyncDisposable {
  readonly source: SourceConfig;
  readonly clock = new CommitClock();
  /** Null where nothing was ever captured, or Kafka does not answer. */
  published: Published | null = null;
  slot: SlotStatus | null = null;
  /** Why the checkpoint could not be looked at. */
  checkpointError: string | null = null;
  readonly #config: Config;
  readonly #database: WatchedDatabase;
  readonly #checkpointLook = new PatientLook();
  readonly #followers: { readonly table: string; readonly applied: AppliedThrough }[] = [];
  #reader: CheckpointReader | null = null;
  #markedMs = 0;
  /** Null before the source was asked. */
  #system: SystemIdentity | null = null;

  constructor(config: Config, source: SourceConfig) {
    this.#config = config;
    this.source = source;
    this.#database = new WatchedDatabase(source.connection);
  }

  /** Why the source could not be looked at. */
  get sourceError(): string | null {
    return this.#database.error;
  }

  /** From now on `applied` hears what is published of the table, "schema.name". */
  follow(table: string, applied: AppliedThrough): void {
    this.#followers.push({ table, applied });
  }

  async look(): Promise<void> {
    await this.#lookAtSource();
    await this.#lookAtCheckpoint();
  }

  /** All that was committed before it is in the topics. Unix milliseconds; null where unknown. */
  get publishedThroughMs(): number | null {
    if (this.published === null) return null;
    const { passed, tables } = this.published;
    const own = Math.max(0, ...[...tables.values()].map(({ throughMs }) => throughMs));
    const ms = passed === null ? own : Math.max(own, this.clock.through(passed));
    return ms === 0 ? null : ms;
  }

  /** WAL that is written and not published; null where unknown. */
  get lagBytes(): number | null {
    const passed = this.published?.passed ?? null;
    const last = this.clock.last;
    return passed === null || last === null ? null : Math.max(0, Number(last.lsn - passed));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reader?.[Symbol.dispose]();
    await this.#database[Symbol.asyncDispose]();
  }

  async #lookAtSource(): Promise<void> {
    await this.#database.look(
      async (client) => {
        const { ms, lsn } = await readWalReading(client);
        this.clock.note(ms, atPageStart(lsn));
        if (this.source.mode === 'stream') this.slot = await readSlot(client, this.source.slot);
      },
      async (client) => {
        this.#system = await identifySystem(client);
      },
    );
  }

  /** Only beside a source that is known: addresses of another server say nothing of it. */
  async #lookAtCheckpoint(): Promise<void> {
    if (this.#system === null) return;
    try {
      const isDone = await this.#checkpointLook.run(() => this.#readCheckpoint());
      this.checkpointError = isDone ? this.#foreignness() : 'Kafka does not answer';
    } catch (error) {
      this.checkpointError = errorMessage(error);
    }
  }

  async #readCheckpoint(): Promise<void> {
    this.#reader ??= await this.#openReader();
    if (this.#reader === null) return;
    await this.#reader.catchUp();
    this.published = readPublished(this.#reader.image, this.source.prefix);
    this.#mark(this.published);
  }

  /** Null before a capture has made the topic. */
  async #openReader(): Promise<CheckpointReader | null> {
    const { kafka } = this.#config;
    const topic = checkpointTopic(this.source.prefix);
    const found = await withAdmin(createKafka(kafka), (admin) => partitionCounts(admin, [topic]));
    if (!found.has(topic)) return null;
    return new CheckpointReader(kafka, topic, this.source.slot, {
      key: CAPTURE_KEY,
      // Also a process that began a moment ago knows what was published when.
      whole: (image, nextMs) => {
        if (nextMs - this.#markedMs < MARK_MS) return;
        this.#markedMs = nextMs;
        this.#mark(readPublished(image, this.source.prefix));
      },
    });
  }

  #foreignness(): string | null {
    return this.#isOfSource(this.published)
      ? null
      : 'the source is another one, or on another timeline, than the one that was captured';
  }

  /** A source that was restored or failed over has other addresses, until a capture goes on there. */
  #isOfSource(published: Published | null): boolean {
    if (published === null) return true;
    const { systemId, timeline } = published.system;
    return systemId === this.#system?.systemId && timeline === this.#system.timeline;
  }

  #mark(published: Published | null): void {
    const isOfSource = this.#isOfSource(published);
    for (const { table, applied } of this.#followers)
      applied.published(isOfSource ? markOf(published, table) : null);
  }
}

function markOf(published: Published | null, table: string): PublishedMark | null {
  const found = published?.tables.get(table);
  if (published === null || found === undefined || !found.isComplete) return null;
  const { ends, throughMs } = found;
  return { ends, throughMs, passed: published.passed };
}
