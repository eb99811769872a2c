import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, answerKey } from '../../capture/control-desk.ts';
import { planStates } from '../../capture/initial-plan.ts';
import { SESSION_KEY, type SessionEntry } from '../../capture/lease.ts';
import { ensureOwnTopics } from '../../capture/own-topics.ts';
import { TopicEnds } from '../../capture/topic-ends.ts';
import type { Config, SourceConfig } from '../../config.ts';
import { connect } from '../../runtime/postgres.ts';
import type { RefreshPlanState } from '../../snapshot/refresh-plan.ts';
import { isSnapshotOnlyAlive } from '../../source/snapshot-only.ts';
import { readSlot } from '../../source/slot.ts';
import { type CheckpointImage, CheckpointReader } from '../../topics/checkpoint.ts';
import { type ControlRequest, sendControl } from '../../topics/control-topic.ts';
import { createKafka, type Kafka } from '../../topics/kafka.ts';
import { checkpointTopic } from '../../topics/names.ts';
import { controlPlace } from '../control-place.ts';

/** A capture that lost its connection comes back within this, or is taken for dead. */
const RETURN_MS = 5_000;
const POLL_MS = 250;

/** What any process can know and ask of the capture of one source: its checkpoint, its slot, its control topic. */
export class CaptureLink implements Disposable {
  readonly #config: Config;
  readonly #source: SourceConfig;
  readonly #kafka: Kafka;
  readonly #reader: CheckpointReader;

  private constructor(config: Config, source: SourceConfig, kafka: Kafka) {
    this.#config = config;
    this.#source = source;
    this.#kafka = kafka;
    this.#reader = new CheckpointReader(config.kafka, checkpointTopic(source.prefix), source.slot);
  }

  /** Throws CONNECTION. */
  static async open(config: Config, source: SourceConfig): Promise<CaptureLink> {
    const kafka = createKafka(config.kafka);
    const { replicationFactor, retentionMs } = controlPlace(config, source);
    await ensureOwnTopics(kafka, source.prefix, { replicationFactor, retentionMs });
    const link = new CaptureLink(config, source, kafka);
    await link.look();
    return link;
  }

  /** Brings everything below up to now. */
  async look(): Promise<void> {
    await this.#reader.catchUp();
  }

  /** As `look`, but waits for something new. */
  async watch(maxWaitMs: number): Promise<void> {
    await this.#reader.advance(maxWaitMs);
    await this.#reader.catchUp();
  }

  /** The checkpoint as it was at the last look. */
  get image(): CheckpointImage {
    return this.#reader.image;
  }

  get plans(): RefreshPlanState[] {
    return planStates(this.#reader.image);
  }

  plansOf(refresh: string): RefreshPlanState[] {
    return this.plans.filter(({ request }) => request.tag?.id === refresh || request.id === refresh);
  }

  answerTo(request: string): Answer | null {
    const text = this.#reader.image.get(answerKey(request));
    return text === undefined ? null : (JSON.parse(text) as Answer);
  }

  /** topic → position of the last record in each partition */
  get ends(): ReadonlyMap<string, readonly string[]> {
    return TopicEnds.fromCheckpoint(this.#reader.image).snapshot();
  }

  async send(request: ControlRequest): Promise<void> {
    await sendControl(this.#kafka, controlPlace(this.#config, this.#source), request);
  }

  /** Whether a capture holds the slot; one that did not end is given some time to come back. */
  async isAlive(): Promise<boolean> {
    await using client = await connect(this.#source.connection, 'backfill');
    const deadline = Date.now() + (this.#hasEnded() ? 0 : RETURN_MS);
    for (;;) {
      const slot = await readSlot(client, this.#source.slot);
      if (slot?.active === true || (await isSnapshotOnlyAlive(client, this.#source.slot))) return true;
      if ((slot === null && this.#source.mode === 'stream') || Date.now() >= deadline) return false;
      await sleep(POLL_MS);
    }
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }

  #hasEnded(): boolean {
    const text = this.#reader.image.get(SESSION_KEY);
    return text === undefined || (JSON.parse(text) as SessionEntry).endedAt !== undefined;
  }
}
