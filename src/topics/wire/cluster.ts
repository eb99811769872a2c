import type { KafkaConfig } from '../kafka-config.ts';
import { BrokerError, ConnectionLostError, UnreachableError } from './broker-error.ts';
import { BrokerConnection } from './broker-connection.ts';
import {
  type BrokerAddress,
  findCoordinator,
  type Leaders,
  metadata,
  type TopicPartition,
  type WireRequest,
} from './requests.ts';

const BOOTSTRAP = 'bootstrap';
const COORDINATOR = 'coordinator';

/** Knows who leads what, and holds a connection per purpose and broker, made when it is first needed. */
export class Cluster {
  readonly #config: KafkaConfig;
  readonly #connections = new Map<string, Promise<BrokerConnection>>();
  #leaders: Leaders = new Map();
  #coordinator: BrokerAddress | null = null;
  #isClosed = false;

  constructor(config: KafkaConfig) {
    this.#config = config;
  }

  /** Undefined: not known, or there is none now. */
  leaderOf({ topic, partition }: TopicPartition): BrokerAddress | undefined {
    return this.#leaders.get(topic)?.get(partition) ?? undefined;
  }

  /** Numbers of all partitions, as of the last refresh; none where the topic does not exist. */
  partitionsOf(topic: string): number[] {
    return [...(this.#leaders.get(topic)?.keys() ?? [])].toSorted((a, b) => a - b);
  }

  /** What is known of other topics is kept. */
  async refreshLeaders(topics: readonly string[]): Promise<void> {
    const answer = await this.#askAny(metadata(topics));
    this.#leaders = new Map([...this.#leaders, ...answer]);
  }

  toLeader(address: BrokerAddress): Promise<BrokerConnection> {
    return this.#connection('leader', address);
  }

  /** Its own connection: it does not wait behind megabytes of records. A cluster object is for one `id`. */
  async toCoordinator(kind: 'group' | 'transaction', id: string): Promise<BrokerConnection> {
    this.#coordinator ??= await this.#askAny(findCoordinator(kind, id));
    return this.#connection(COORDINATOR, this.#coordinator);
  }

  forgetCoordinator(): void {
    this.#coordinator = null;
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#connections.values()) {
      connection.then((open) => open.close()).catch(() => {});
    }
    this.#connections.clear();
  }

  /** Asks the brokers of the configuration in turn. Nothing is changed by it: a lost connection is no more than one that was not made. */
  async #askAny<T>(request: WireRequest<T>): Promise<T> {
    let failure: unknown = new Error('no broker is configured');
    for (const broker of this.#config.brokers) {
      try {
        const connection = await this.#connection(BOOTSTRAP, parseAddress(broker));
        return await connection.send(request);
      } catch (error) {
        if (error instanceof BrokerError) throw error;
        failure = error;
      }
    }
    throw failure instanceof ConnectionLostError
      ? new UnreachableError(this.#config.brokers.join(', '), failure)
      : failure;
  }

  /** Where one connection has fallen silent, the others may have as well, each to be waited for in its turn. */
  #closeIdle(): void {
    for (const connection of this.#connections.values())
      connection.then((open) => open.isIdle && open.close()).catch(() => {});
  }

  async #connection(purpose: string, address: BrokerAddress): Promise<BrokerConnection> {
    const key = `${purpose} ${address.host}:${address.port}`;
    const known = this.#connections.get(key);
    if (known !== undefined) {
      const connection = await known;
      if (connection.isUsable) return connection;
      connection.close();
      // Who found it lost before has opened another by now.
      if (this.#connections.get(key) !== known) return this.#connection(purpose, address);
    }
    if (this.#isClosed) throw new ConnectionLostError('the client was closed');
    return this.#open(key, address);
  }

  #open(key: string, address: BrokerAddress): Promise<BrokerConnection> {
    const opening = BrokerConnection.open(this.#config, address, () => this.#closeIdle());
    this.#connections.set(key, opening);
    opening.then(
      (connection) => {
        if (this.#isClosed) connection.close();
      },
      () => {
        if (this.#connections.get(key) === opening) this.#connections.delete(key);
      },
    );
    return opening;
  }
}

/** "host:port"; an IPv6 address stands in brackets. */
function parseAddress(broker: string): BrokerAddress {
  const colon = broker.lastIndexOf(':');
  const host = broker.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(broker.slice(colon + 1)) };
}
