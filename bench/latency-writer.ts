/** Writes single-row transactions at a steady rate, whatever the answers take. */
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WriterOrder, WriterReport } from './latency-messages.ts';

const CONNECTIONS = 4;
const UPDATE = {
  name: 'touch',
  text: 'UPDATE catalog_items SET price = (price + 0.01) % 1000000, updated_at = clock_timestamp() WHERE id = $1',
};

async function write({ url, rows, rate }: Extract<WriterOrder, { type: 'write' }>): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS, min: CONNECTIONS });
  await pool.query('SELECT');
  tell({ type: 'writing' });
  const startedAt = performance.now();
  for (let sent = 0; ;) {
    const due = ((performance.now() - startedAt) * rate) / 1000;
    for (; sent < due; sent++) {
      const id = 1 + Math.floor(Math.random() * rows);
      pool.query({ ...UPDATE, values: [id] }).catch(fail);
    }
    await sleep(1);
  }
}

function fail(error: unknown): void {
  tell({ type: 'failed', message: String(error) });
  process.exit(1);
}

function tell(report: WriterReport): void {
  process.send?.(report);
}

process.on('message', (order: WriterOrder) => {
  if (order.type === 'stop') process.exit(0);
  write(order).catch(fail);
});
process.on('disconnect', () => process.exit());
process.on('SIGINT', () => {});
tell({ type: 'booted' });
