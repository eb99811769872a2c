import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Engine } from '../../../src/cli/engine.ts';
import { configuredPipelines } from '../../../src/cli/pipelines.ts';
import { consumerGroup } from '../../../src/consumers/pipeline-runner.ts';
import { createKafka } from '../../../src/topics/kafka.ts';
import { withAdmin } from '../../../src/topics/topic-admin.ts';
import { until } from '../../support/capture.ts';
import { startCommand } from '../../support/command.ts';
import { CommandLine } from '../../support/command-line.ts';
import { during, type Tasks } from '../../support/during.ts';
import { services } from '../../support/services.ts';
import { openShop } from '../../support/shop.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ROWS = 3_000;
const LABELS = join(import.meta.dirname, '../../../examples/shelf-labels/pipeline.ts');

describe('a pipeline on two threads', () => {
  it('shares its partitions, and tells as one', async () => {
    await using shop = await openShop(ROWS, { consumers: { threads: 2 } });
    const { config, source, database } = shop;
    const engine = new Engine(config, () => {});
    const pipelines = configuredPipelines(config);
    await engine.migrate(pipelines);
    const tasks: Tasks = [
      (signal) => engine.capture(source, signal),
      ...pipelines.map((pipeline) => (signal: AbortSignal) => engine.consume(pipeline, signal)),
    ];
    const group = consumerGroup(source.prefix, { name: 'upsert' });
    const members = async (): Promise<number> =>
      withAdmin(createKafka(config.kafka), async (admin) => {
        const { groups } = await admin.describeGroups([group]);
        return groups[0]?.members.length ?? 0;
      });
    const counted = await during(tasks, async () => {
      await until('every product is an item', async () => {
        const { rows } = await database.pool.query<{ n: number }>('SELECT count(*)::int AS n FROM items');
        return rows[0]?.n === ROWS;
      });
      await until('two members share the group', async () => (await members()) === 2);
      await database.pool.query(`UPDATE products SET price = price + 1`);
      const live = engine.status.pipeline('upsert');
      await until('the changes are told', () => live.written >= 2 * ROWS);
      const { values } = await engine.metrics.applied.get();
      return values.filter(({ labels }) => labels.op !== 'sweep').reduce((sum, { value }) => sum + value, 0);
    });
    expect(counted).toBe(2 * ROWS);
  });

  it('can be a pipeline of the user’s own, and goes with its process', async () => {
    await using shop = await openShop(ROWS, {});
    await using folder = await temporaryFolder();
    const more = { pipelines: [LABELS], consumers: { threads: 3 }, http: { port: 0 } };
    await CommandLine.in(folder.path, shop, more);
    const { kafkaBrokers, registryUrl } = services();
    const env = { FRESHET_KAFKA_BROKERS: kafkaBrokers.join(','), FRESHET_REGISTRY_URL: registryUrl };
    const running = startCommand(['run'], env, folder.path);
    await until('every product has a label', async () => {
      const labels = shop.database.pool.query<{ n: number }>('SELECT count(*)::int AS n FROM shelf_labels');
      const { rows } = await labels.catch(() => ({ rows: [] }));
      return rows[0]?.n === ROWS;
    });
    running.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    expect({ code, errors: stderr.split('\n').filter((line) => line.includes('error')) }).toEqual({
      code: 0,
      errors: [],
    });
  });
});
