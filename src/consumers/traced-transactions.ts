import { TRACE_HEADER, type Tracing } from '../runtime/tracing.ts';
import type { BatchApplier, BatchRequest, BatchResult } from './batch-transaction.ts';

/** Tells of each try to apply a batch, as a part of the traces that its records belong to. */
export class TracedTransactions implements BatchApplier {
  readonly #transactions: BatchApplier;
  readonly #tracing: Tracing;

  constructor(transactions: BatchApplier, tracing: Tracing) {
    this.#transactions = transactions;
    this.#tracing = tracing;
  }

  async apply(batch: BatchRequest): Promise<BatchResult> {
    const published = batch.items.flatMap(
      ({ record }) => record.headers[TRACE_HEADER]?.toString('latin1') ?? [],
    );
    const span = this.#tracing.applying(batch.lane, batch.items.length, published);
    try {
      const result = await this.#transactions.apply(batch);
      span.end();
      return result;
    } catch (error) {
      span.end(error);
      throw error;
    }
  }
}
