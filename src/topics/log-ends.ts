import { FreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';
import type { KafkaConfig } from './kafka-config.ts';
import { Cluster } from './wire/cluster.ts';
import { LATEST, listOffsets } from './wire/fetch-requests.ts';

/** Asks again and again where topics end, over connections that stay. */
export class LogEnds implements Disposable {
  readonly #cluster: Cluster;
  #known: readonly string[] = [];

  constructor(config: KafkaConfig) {
    this.#cluster = new Cluster(config);
  }

  /** topic → offset behind the last record of each partition; topics that do not exist are left out. Throws CONNECTION. */
  async read(topics: readonly string[]): Promise<ReadonlyMap<string, readonly bigint[]>> {
    try {
      if (topics.some((topic) => !this.#known.includes(topic))) await this.#look(topics);
      return await this.#read(topics);
    } catch (error) {
      // Leaders move, topics come and go: the next call looks anew.
      this.#known = [];
      throw new FreshetError('CONNECTION', `Kafka: ${errorMessage(error)}`, { cause: error });
    }
  }

  [Symbol.dispose](): void {
    this.#cluster.close();
  }

  async #look(topics: readonly string[]): Promise<void> {
    await this.#cluster.refreshLeaders(topics);
    this.#known = topics.filter((topic) => this.#cluster.partitionsOf(topic).length > 0);
  }

  async #read(topics: readonly string[]): Promise<Map<string, bigint[]>> {
    const cluster = this.#cluster;
    const wanted = topics.flatMap((topic) =>
      cluster.partitionsOf(topic).map((partition) => ({ topic, partition })),
    );
    const byLeader = Map.groupBy(wanted, (each) => {
      const leader = cluster.leaderOf(each);
      return leader === undefined ? '' : `${leader.host}:${leader.port}`;
    });
    const ends = new Map<string, bigint[]>();
    for (const partitions of byLeader.values()) {
      const [first] = partitions;
      const leader = first === undefined ? undefined : cluster.leaderOf(first);
      if (leader === undefined) throw new Error('a partition has no leader now');
      const connection = await cluster.toLeader(leader);
      for (const { topic, partition, offset } of await connection.send(listOffsets(LATEST, partitions))) {
        const ofTopic = ends.get(topic) ?? [];
        ofTopic[partition] = offset;
        ends.set(topic, ofTopic);
      }
    }
    return ends;
  }
}
