import { expect, it } from 'vitest';
import { Cluster } from '../../../src/topics/wire/cluster.ts';
import { until } from '../../support/capture.ts';
import { services } from '../../support/services.ts';
import { StallingProxy } from '../../support/stalling-proxy.ts';

it('a lost connection is replaced by one, however many ask for it', async () => {
  const [broker = ''] = services().kafkaBrokers;
  const [host = '', port] = broker.split(':');
  await using proxy = await StallingProxy.open({ host, port: Number(port) });
  const address = { host: '127.0.0.1', port: proxy.port };
  const cluster = new Cluster({ brokers: [broker], clientId: 'test' });
  try {
    const first = await cluster.toLeader(address);
    proxy.restore();
    await until('it is lost', () => !first.isUsable);
    const [second, third] = await Promise.all([cluster.toLeader(address), cluster.toLeader(address)]);
    expect(third).toBe(second);
  } finally {
    cluster.close();
  }
});
