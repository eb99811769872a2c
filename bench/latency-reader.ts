/** A read_committed consumer that notes how old each row is when it holds it. */
import { REFRESH_HEADER } from '../src/topics/codec/headers.ts';
import { createKafka } from '../src/topics/kafka.ts';
import type { ReaderOrder, ReaderReport, Span } from './latency-messages.ts';

/** `updated_at` of the after image: the last text of this form in a value, Avro or JSON. */
const TIMESTAMP = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

const rows: { readonly writtenMs: number; readonly latencyMs: number }[] = [];

async function read({ brokers, topic }: Extract<ReaderOrder, { type: 'read' }>): Promise<void> {
  const consumer = createKafka({ brokers, clientId: 'bench-reader' }).consumer({
    groupId: `${topic}.bench-reader`,
    readUncommitted: false,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: false });
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.FETCH, () => resolve()));
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      const nowMs = performance.timeOrigin + performance.now();
      // A row that a refresh brings again is as old as its last change.
      for (const { value, headers } of batch.messages)
        if (headers?.[REFRESH_HEADER] === undefined) note(value, nowMs);
    },
  });
  await joined;
  tell({ type: 'reading' });
}

function note(value: Buffer | null, nowMs: number): void {
  const text = value?.toString('latin1').match(TIMESTAMP)?.at(-1);
  if (text === undefined) return;
  // Date.parse drops what is below a millisecond.
  const micros = Number(/\.\d{3}(\d{0,3})/.exec(text)?.[1]?.padEnd(3, '0') ?? 0);
  const writtenMs = Date.parse(text) + micros / 1000;
  rows.push({ writtenMs, latencyMs: nowMs - writtenMs });
}

function latenciesIn({ fromMs, toMs }: Span): number[] {
  const inside = rows.filter(({ writtenMs }) => writtenMs >= fromMs && writtenMs < toMs);
  return inside.map(({ latencyMs }) => latencyMs).toSorted((a, b) => a - b);
}

function tell(report: ReaderReport): void {
  process.send?.(report);
}

process.on('message', (order: ReaderOrder) => {
  if (order.type === 'stop') process.exit(0);
  if (order.type === 'tell') tell({ type: 'latencies', latenciesMs: latenciesIn(order.span) });
  else {
    read(order).catch((error: unknown) => {
      tell({ type: 'failed', message: String(error) });
      process.exit(1);
    });
  }
});
process.on('disconnect', () => process.exit());
process.on('SIGINT', () => {});
tell({ type: 'booted' });
