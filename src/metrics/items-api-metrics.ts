import { errorMessage } from '../runtime/postgres.ts';
import type { Log } from './capture-metrics.ts';
import type { Metrics } from './metrics.ts';

/** What the items API tells of itself. */
interface ItemsApiObserver {
  answered(status: number, seconds: number): void;
  items(outcome: 'accepted' | 'refused' | 'repeated', count: number): void;
  failed(error: unknown): void;
}

export function itemsApiObserver(metrics: Metrics, log: Log): ItemsApiObserver {
  return {
    answered: (status, seconds) => {
      metrics.itemsApiRequests.inc({ status: String(status) });
      metrics.itemsApiSeconds.observe(seconds);
    },
    items: (outcome, count) => metrics.itemsApiItems.inc({ outcome }, count),
    failed: (error) => log('warn', `items API: ${errorMessage(error)}`),
  };
}
