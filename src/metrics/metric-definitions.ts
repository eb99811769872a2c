/** A metric before there is a registry: see `createMetrics`. */
export interface MetricDefinition<Kind extends string, Label extends string> {
  readonly kind: Kind;
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
}

const define =
  <Kind extends string>(kind: Kind) =>
  <Label extends string = never>(
    name: string,
    help: string,
    ...labels: readonly Label[]
  ): MetricDefinition<Kind, Label> => ({ kind, name, help, labels });

const counter = define('counter');
const gauge = define('gauge');
const histogram = define('histogram');

/**
 * Every metric of ours: name, help text and labels. Base units, `_total` for counters only; no label holds
 * an id, a URL or anything else that grows with the data.
 */
export const METRICS = {
  published: counter('freshet_published_total', 'Records published, by operation', 'source', 'table', 'op'),
  publishSeconds: histogram('freshet_publish_seconds', 'Duration of a Kafka transaction', 'source'),
  rejected: counter(
    'freshet_capture_rejected_total',
    'Changes that could not be published as they are',
    'source',
    'table',
    'code',
  ),
  refreshesHeld: gauge(
    'freshet_refreshes_held',
    '1 while refreshes wait, as the slot keeps too much WAL',
    'source',
  ),
  refreshFailed: gauge(
    'freshet_refresh_failed',
    '1 where the last refresh of the table that ended has failed',
    'source',
    'table',
  ),
  tableHalted: gauge(
    'freshet_table_halted',
    '1 while nothing of the table is published, as the log and the status say why',
    'source',
    'table',
  ),
  snapshotRowsRead: counter(
    'freshet_snapshot_rows_read_total',
    'Rows read by snapshot chunks',
    'source',
    'table',
  ),
  snapshotBytesRead: counter(
    'freshet_snapshot_read_bytes_total',
    'Bytes read by snapshot chunks',
    'source',
    'table',
  ),
  snapshotStale: counter(
    'freshet_snapshot_stale_reads_total',
    'Chunks that were read again, as their snapshot did not see what was published already',
    'source',
    'table',
  ),
  snapshotRowsPublished: gauge(
    'freshet_snapshot_published_rows',
    'Rows published by the refreshes of the table that go on, else by the last one',
    'source',
    'table',
  ),
  snapshotEstimatedRows: gauge(
    'freshet_snapshot_estimated_rows',
    'Rows that they have to publish by the planner’s guess',
    'source',
    'table',
  ),
  snapshotEta: gauge(
    'freshet_snapshot_eta_seconds',
    'Until the refreshes of the table that go on are published, by their present rate',
    'source',
    'table',
  ),
  snapshotFinished: gauge(
    'freshet_snapshot_finished',
    '1 while no refresh of the table goes on',
    'source',
    'table',
  ),
  sourceLagBytes: gauge(
    'freshet_source_lag_bytes',
    'WAL written at the source and not published yet',
    'source',
  ),
  sourceLagSeconds: gauge(
    'freshet_source_lag_seconds',
    'Since the commit time up to which everything is in the topics',
    'source',
  ),
  publishedThrough: gauge(
    'freshet_published_through_timestamp_seconds',
    'Commit time up to which everything is in the topics',
    'source',
  ),
  slotExists: gauge('freshet_slot_exists', '0 where a captured source has lost its slot', 'source'),
  slotActive: gauge('freshet_slot_active', '1 while a capture holds the slot', 'source'),
  slotRetainedBytes: gauge('freshet_slot_retained_bytes', 'WAL that the slot keeps on the server', 'source'),
  slotSafeBytes: gauge(
    'freshet_slot_safe_bytes',
    'WAL that may be written before the slot is lost, where there is a limit',
    'source',
  ),
  slotLossSeconds: gauge(
    'freshet_slot_loss_eta_seconds',
    'Until the slot is lost at the present rate of WAL, were nothing confirmed any more',
    'source',
  ),
  slotStatus: gauge(
    'freshet_slot_wal_status',
    '1 for the slot’s present wal_status; all 0: no slot',
    'source',
    'status',
  ),
  epoch: gauge('freshet_source_epoch', 'The epoch of the positions that are published', 'source'),
  applied: counter('freshet_applied_total', 'Changes applied, by operation', 'pipeline', 'table', 'op'),
  sinkWritten: counter('freshet_sink_written_rows_total', 'Rows that the sink changed', 'pipeline'),
  sinkUnchanged: counter('freshet_sink_unchanged_rows_total', 'Rows that were as they should be', 'pipeline'),
  skipped: counter(
    'freshet_skipped_records_total',
    'Records that were applied before, or wait for a whole row',
    'pipeline',
    'reason',
  ),
  appliedThrough: gauge(
    'freshet_applied_through_timestamp_seconds',
    'Commit time up to which everything is in the target',
    'pipeline',
    'table',
  ),
  lagRecords: gauge(
    'freshet_consumer_lag_records',
    'Records published and not applied yet',
    'pipeline',
    'table',
  ),
  lagSeconds: gauge(
    'freshet_consumer_lag_seconds',
    'From what is applied to what is published, in time of commit',
    'pipeline',
    'table',
  ),
  freshnessSeconds: histogram(
    'freshet_freshness_seconds',
    'From commit at the source to commit in the target',
    'pipeline',
    'table',
  ),
  stageSeconds: histogram(
    'freshet_stage_seconds',
    'Parts of freshet_freshness_seconds: source (to the topic), topic (waiting), pipeline (decoding), sink (writing)',
    'pipeline',
    'table',
    'stage',
  ),
  sinkLagSeconds: gauge(
    'freshet_sink_lag_seconds',
    'From commit at the source to commit at the sink, last batch',
    'pipeline',
  ),
  unresolved: gauge(
    'freshet_unresolved',
    'Things that wait for somebody to mend the source, such as results with an error',
    'pipeline',
    'kind',
  ),
  viewAgeSeconds: gauge(
    'freshet_view_age_seconds',
    'Since the last refresh of a materialized view began',
    'pipeline',
    'view',
  ),
  missingRows: gauge(
    'freshet_missing_rows',
    'Rows that lack a value that the pipeline gives, such as URLs without a page type',
    'pipeline',
    'field',
  ),
  coverageRows: gauge(
    'freshet_coverage_rows',
    'Rows of which freshet_missing_rows lack the value; of large tables about so many',
    'pipeline',
    'field',
  ),
  // Two that have the names under which catalogues are watched, though they are no counters.
  catalogMissing: gauge(
    'catalog_metadata_missing_total',
    'Items without a brand, a category, a description or an image',
    'field',
  ),
  embeddingsStale: gauge(
    'catalog_embeddings_stale_total',
    'Items whose embedding is missing, of another text or model, or too old',
  ),
  catalogRefreshed: counter(
    'freshet_catalog_refreshed_items_total',
    'Items that the daily diff found not to be as their source says',
    'kind',
  ),
  catalogRefreshSeconds: gauge(
    'freshet_catalog_refresh_timestamp_seconds',
    'When the daily diff last ended well',
  ),
  owedRefreshes: counter(
    'freshet_owed_refreshes_total',
    'Keys whose current row a pipeline asked for, as a partial change lacked it',
    'pipeline',
  ),
  deliverySeconds: histogram(
    'freshet_delivery_request_seconds',
    'Duration of a request to a pipeline’s API, by HTTP status; "none" without an answer',
    'pipeline',
    'status',
  ),
  deliveryWaitSeconds: histogram(
    'freshet_delivery_wait_seconds',
    'How long requests to a pipeline’s API were put off: by the rate limit, for a retry, by an open circuit',
    'pipeline',
    'reason',
  ),
  deliveryCircuitOpen: gauge(
    'freshet_delivery_circuit_open',
    '1 while a pipeline’s API is left alone, as it failed again and again',
    'pipeline',
  ),
  pipelinePaused: gauge('freshet_pipeline_paused', '1 while the pipeline is paused by hand', 'pipeline'),
  lookFailed: gauge(
    'freshet_look_failed',
    '1 where the last look at a source, its checkpoint or a target failed: what is told of it is old',
    'at',
    'name',
  ),
  openDeadLetters: gauge(
    'freshet_open_dead_letters',
    'Keys whose row in the target lacks a change, by code',
    'pipeline',
    'code',
  ),
  deadLetters: counter(
    'freshet_dead_letters_total',
    'Records that could not be processed',
    'pipeline',
    'code',
  ),
  retries: counter('freshet_retries_total', 'Batches that were tried again', 'pipeline', 'code'),
  embedded: counter(
    'freshet_embeddings_total',
    'Items that were embedded, and batches that failed, by outcome',
    'outcome',
  ),
  embeddingSeconds: histogram('freshet_embedding_batch_seconds', 'Duration of a batch of embeddings'),
  itemsApiRequests: counter(
    'freshet_items_api_requests_total',
    'Requests to the items API, by the status of their answer',
    'status',
  ),
  itemsApiItems: counter(
    'freshet_items_api_items_total',
    'Items that were posted: accepted, refused, or of a request that was answered before',
    'outcome',
  ),
  itemsApiSeconds: histogram(
    'freshet_items_api_request_seconds',
    'Duration of a request, the acknowledgement of its items included',
  ),
  scoreJobs: gauge('freshet_score_jobs', 'Jobs of the score pipeline, by state', 'state'),
  scoreOldestJobSeconds: gauge(
    'freshet_score_oldest_job_seconds',
    'How long the oldest job that could run has waited',
  ),
  scoreUnscoredLeads: gauge('freshet_score_unscored_leads', 'Leads that have written and have no score'),
  scoreJobsDone: counter('freshet_score_jobs_done_total', 'Jobs that ended, by outcome', 'outcome'),
  scoreJobSeconds: histogram('freshet_score_job_seconds', 'Duration of a job', 'outcome'),
  scorerRequests: counter(
    'freshet_scorer_requests_total',
    'Requests to the scorer’s endpoint, by outcome',
    'outcome',
  ),
  scorerSeconds: histogram('freshet_scorer_request_seconds', 'Duration of a request', 'outcome'),
  scorerWaitSeconds: counter(
    'freshet_scorer_wait_seconds_total',
    'Time that requests waited for the rate limit',
  ),
  scorerTokens: counter('freshet_scorer_tokens_total', 'Tokens that were billed', 'kind'),
  scorerCost: counter('freshet_scorer_cost_dollars_total', 'Cost of the tokens, where prices are configured'),
};
