import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Every metric of ours: names, help texts and labels in one place. Base units; `_total` for counters only. */
export class Metrics {
  readonly registry = new Registry();

  readonly published = this.#counter('freshet_published_total', 'Records published, by operation', [
    'source',
    'table',
    'op',
  ]);
  readonly publishSeconds = this.#histogram('freshet_publish_seconds', 'Duration of a Kafka transaction', [
    'source',
  ]);
  readonly rejected = this.#counter(
    'freshet_capture_rejected_total',
    'Changes that could not be published as they are',
    ['source', 'table', 'code'],
  );
  readonly refreshesHeld = this.#gauge(
    'freshet_refreshes_held',
    '1 while refreshes wait, as the slot keeps too much WAL',
    ['source'],
  );
  readonly tableHalted = this.#gauge(
    'freshet_table_halted',
    '1 while nothing of the table is published, as the log and the status say why',
    ['source', 'table'],
  );
  readonly snapshotRowsRead = this.#counter(
    'freshet_snapshot_rows_read_total',
    'Rows read by snapshot chunks',
    ['source', 'table'],
  );
  readonly snapshotBytesRead = this.#counter(
    'freshet_snapshot_read_bytes_total',
    'Bytes read by snapshot chunks',
    ['source', 'table'],
  );
  readonly snapshotStale = this.#counter(
    'freshet_snapshot_stale_reads_total',
    'Chunks that were read again, as their snapshot did not see what was published already',
    ['source', 'table'],
  );
  readonly snapshotRowsPublished = this.#gauge(
    'freshet_snapshot_published_rows',
    'Rows of the current refresh published so far',
    ['source', 'table'],
  );
  readonly snapshotEstimatedRows = this.#gauge(
    'freshet_snapshot_estimated_rows',
    'Rows of the table by the planner’s guess',
    ['source', 'table'],
  );
  readonly snapshotFinished = this.#gauge(
    'freshet_snapshot_finished',
    '1 when the current refresh of the table is finished',
    ['source', 'table'],
  );
  readonly sourceLagBytes = this.#gauge(
    'freshet_source_lag_bytes',
    'WAL written at the source and not published yet',
    ['source'],
  );
  readonly sourceLagSeconds = this.#gauge(
    'freshet_source_lag_seconds',
    'Age of the newest point up to which all is published',
    ['source'],
  );
  readonly slotRetainedBytes = this.#gauge(
    'freshet_slot_retained_bytes',
    'WAL that the slot keeps on the server',
    ['source'],
  );
  readonly slotSafeBytes = this.#gauge(
    'freshet_slot_safe_bytes',
    'WAL that may be written before the slot is lost',
    ['source'],
  );
  readonly slotStatus = this.#gauge('freshet_slot_wal_status', '1 for the slot’s present wal_status', [
    'source',
    'status',
  ]);
  readonly epoch = this.#gauge('freshet_source_epoch', 'The epoch of the positions that are published', [
    'source',
  ]);

  readonly applied = this.#counter('freshet_applied_total', 'Changes applied, by operation', [
    'pipeline',
    'table',
    'op',
  ]);
  readonly sinkWritten = this.#counter('freshet_sink_written_rows_total', 'Rows that the sink changed', [
    'pipeline',
  ]);
  readonly sinkUnchanged = this.#counter(
    'freshet_sink_unchanged_rows_total',
    'Rows that were as they should be',
    ['pipeline'],
  );
  readonly skipped = this.#counter(
    'freshet_skipped_records_total',
    'Records that were applied before, or wait for a whole row',
    ['pipeline', 'reason'],
  );
  readonly topicLagRecords = this.#gauge('freshet_topic_lag_records', 'Records not applied yet', [
    'pipeline',
    'topic',
    'partition',
  ]);
  readonly topicLagSeconds = this.#gauge(
    'freshet_topic_lag_seconds',
    'Age of the oldest record that is not applied yet',
    ['pipeline', 'topic', 'partition'],
  );
  readonly freshnessSeconds = this.#histogram(
    'freshet_freshness_seconds',
    'From commit at the source to commit at the sink',
    ['pipeline'],
  );
  readonly sinkLagSeconds = this.#gauge(
    'freshet_sink_lag_seconds',
    'From commit at the source to commit at the sink, last batch',
    ['pipeline'],
  );
  readonly unresolved = this.#gauge(
    'freshet_unresolved',
    'Things that wait for somebody to mend the source, such as results with an error',
    ['pipeline', 'kind'],
  );
  readonly viewAgeSeconds = this.#gauge(
    'freshet_view_age_seconds',
    'Since the last refresh of a materialized view began',
    ['pipeline', 'view'],
  );
  readonly missingRows = this.#gauge(
    'freshet_missing_rows',
    'Rows that lack a value that the pipeline gives, such as URLs without a page type',
    ['pipeline', 'field'],
  );
  /** The name is the one that catalogues are watched under, though it is no counter. */
  readonly catalogMissing = this.#gauge(
    'catalog_metadata_missing_total',
    'Items without a brand, a category, a description or an image',
    ['field'],
  );
  readonly catalogRefreshed = this.#counter(
    'freshet_catalog_refreshed_items_total',
    'Items that the daily diff found not to be as their source says',
    ['kind'],
  );
  readonly catalogRefreshSeconds = this.#gauge(
    'freshet_catalog_refresh_timestamp_seconds',
    'When the daily diff last ended well',
    [],
  );
  readonly deadLetters = this.#counter('freshet_dead_letters_total', 'Records that could not be processed', [
    'pipeline',
    'code',
  ]);
  readonly retries = this.#counter('freshet_retries_total', 'Batches that were tried again', [
    'pipeline',
    'code',
  ]);

  readonly embeddingsStale = this.#gauge(
    'catalog_embeddings_stale_total',
    'Items whose embedding is missing, of another text or model, or too old',
    [],
  );
  readonly embedded = this.#counter(
    'freshet_embeddings_total',
    'Items that were embedded, and batches that failed, by outcome',
    ['outcome'],
  );
  readonly embeddingSeconds = this.#histogram(
    'freshet_embedding_batch_seconds',
    'Duration of a batch of embeddings',
    [],
  );

  readonly itemsApiRequests = this.#counter(
    'freshet_items_api_requests_total',
    'Requests to the items API, by the status of their answer',
    ['status'],
  );
  readonly itemsApiItems = this.#counter(
    'freshet_items_api_items_total',
    'Items that were posted: accepted, refused, or of a request that was answered before',
    ['outcome'],
  );
  readonly itemsApiSeconds = this.#histogram(
    'freshet_items_api_request_seconds',
    'Duration of a request, the acknowledgement of its items included',
    [],
  );
  readonly owedRefreshes = this.#counter(
    'freshet_owed_refreshes_total',
    'Keys whose current row a pipeline asked for, as a partial change lacked it',
    ['pipeline'],
  );
  readonly deliverySeconds = this.#histogram(
    'freshet_delivery_request_seconds',
    'Duration of a request to a pipeline’s API, by HTTP status; "none" without an answer',
    ['pipeline', 'status'],
  );
  readonly deliveryWaitSeconds = this.#histogram(
    'freshet_delivery_wait_seconds',
    'How long requests to a pipeline’s API were put off: by the rate limit, for a retry, by an open circuit',
    ['pipeline', 'reason'],
  );
  readonly deliveryCircuitOpen = this.#gauge(
    'freshet_delivery_circuit_open',
    '1 while a pipeline’s API is left alone, as it failed again and again',
    ['pipeline'],
  );

  readonly scoreJobs = this.#gauge('freshet_score_jobs', 'Jobs of the score pipeline, by state', ['state']);
  readonly scoreOldestJobSeconds = this.#gauge(
    'freshet_score_oldest_job_seconds',
    'How long the oldest job that could run has waited',
    [],
  );
  readonly scoreUnscoredLeads = this.#gauge(
    'freshet_score_unscored_leads',
    'Leads that have written and have no score',
    [],
  );
  readonly scoreJobsDone = this.#counter('freshet_score_jobs_done_total', 'Jobs that ended, by outcome', [
    'outcome',
  ]);
  readonly scoreJobSeconds = this.#histogram('freshet_score_job_seconds', 'Duration of a job', ['outcome']);
  readonly scorerRequests = this.#counter(
    'freshet_scorer_requests_total',
    'Requests to the scorer’s endpoint, by outcome',
    ['outcome'],
  );
  readonly scorerSeconds = this.#histogram('freshet_scorer_request_seconds', 'Duration of a request', [
    'outcome',
  ]);
  readonly scorerWaitSeconds = this.#counter(
    'freshet_scorer_wait_seconds_total',
    'Time that requests waited for the rate limit',
    [],
  );
  readonly scorerTokens = this.#counter('freshet_scorer_tokens_total', 'Tokens that were billed', ['kind']);
  readonly scorerCost = this.#counter(
    'freshet_scorer_cost_dollars_total',
    'Cost of the tokens, where prices are configured',
    [],
  );

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  #gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  #histogram<L extends string>(name: string, help: string, labelNames: readonly L[]): Histogram<L> {
    return new Histogram({
      name,
      help,
      labelNames: [...labelNames],
      buckets: SECONDS,
      registers: [this.registry],
    });
  }
}
