import type { Message, Producer } from 'kafkajs';
import { FreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';

/**
 * A producer for one topic, opened with the first send. Whether the records of a send that failed are there is not
 * known: the next one gets a producer of its own.
 */
export class LazyProducer implements AsyncDisposable {
  readonly #topic: string;
  readonly #open: () => Promise<Producer>;
  #producer: Promise<Producer> | null = null;

  constructor(topic: string, open: () => Promise<Producer>) {
    this.#topic = topic;
    this.#open = open;
  }

  /** Resolves when every in-sync replica has them. Throws CONNECTION: some may be there. */
  async send(messages: readonly Message[]): Promise<void> {
    const opened = (this.#producer ??= this.#open());
    try {
      await (await opened).send({ topic: this.#topic, acks: -1, messages: [...messages] });
    } catch (error) {
      if (this.#producer === opened) this.#producer = null;
      await close(opened);
      throw new FreshetError('CONNECTION', `cannot write to ${this.#topic}: ${errorMessage(error)}`, {
        cause: error,
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = this.#producer;
    this.#producer = null;
    if (opened !== null) await close(opened);
  }
}

async function close(opened: Promise<Producer>): Promise<void> {
  await opened.then((producer) => producer.disconnect()).catch(() => {});
}
