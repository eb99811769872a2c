import { describe, expect, it } from 'vitest';
import { openTracing } from '../../src/metrics/open-tracing.ts';
import { closedPort } from '../support/local-server.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';

const PLACE = { group: 'shop.upsert', topic: 'shop.public.products', partition: 3 };

const open = (endpoint: string, sampleRatio = 1): ReturnType<typeof openTracing> =>
  openTracing({ endpoint, sampleRatio, version: '1.2.3' });

describe('tracing', () => {
  it('gives a transaction a span, and its records the header that names it', async () => {
    await using receiver = await OtlpReceiver.open();
    const tracing = await open(receiver.url);
    const span = tracing.publishing('freshet-shop', 5);
    span.end();
    await tracing.flush();
    const [sent] = receiver.spans;
    expect(span.header).toBe(`00-${sent?.traceId}-${sent?.spanId}-01`);
    expect(sent).toMatchObject({ name: 'freshet publish', kind: 4 });
    expect(sent?.parentSpanId).toBeUndefined();
    expect(sent?.attributes).toMatchObject({
      'messaging.system': 'kafka',
      'messaging.batch.message_count': 5,
    });
  });

  it('continues the trace of one transaction, and links to those of several', async () => {
    await using receiver = await OtlpReceiver.open();
    const tracing = await open(receiver.url);
    const [first, second] = [tracing.publishing('a', 1), tracing.publishing('a', 1)];
    tracing.applying(PLACE, 2, [first.header, first.header]).end();
    tracing.applying(PLACE, 3, [first.header, second.header]).end();
    await tracing.flush();
    const [continued, linked] = receiver.spans;
    expect(continued).toMatchObject({
      name: 'freshet apply',
      kind: 5,
      parentSpanId: first.header.split('-')[2],
    });
    expect(continued?.traceId).toBe(first.header.split('-')[1]);
    expect(linked?.parentSpanId).toBeUndefined();
    expect(linked?.links).toEqual([first.header, second.header].map((header) => header.split('-')[2]));
    expect(linked?.attributes).toMatchObject({ 'messaging.consumer.group.name': 'shop.upsert' });
  });

  it('tells of errors', async () => {
    await using receiver = await OtlpReceiver.open();
    const tracing = await open(receiver.url);
    tracing.applying(PLACE, 1, []).end(new Error('deadlock'));
    await tracing.flush();
    expect(receiver.spans[0]?.status).toEqual({ code: 2, message: 'deadlock' });
  });

  it('sends nothing of what is not sampled, and headers that say so', async () => {
    await using receiver = await OtlpReceiver.open();
    const tracing = await open(receiver.url, 0);
    const { header, ...span } = tracing.publishing('a', 1);
    tracing.applying(PLACE, 1, [header]).end();
    span.end();
    await tracing.flush();
    expect(header).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
    expect(receiver.spans).toEqual([]);
  });

  it('survives headers that are none, and a receiver that is not there', async () => {
    const tracing = await open(`http://127.0.0.1:${await closedPort()}/v1/traces`);
    tracing.applying(PLACE, 1, ['', 'nonsense', '00-0-0-00']).end();
    await expect(tracing.flush()).resolves.toBeUndefined();
  });
});
