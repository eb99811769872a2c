import type { DashboardSpec } from './dashboard.ts';
import type { PanelSpec } from './panel.ts';

const STAGES = ['source', 'topic', 'pipeline', 'sink'] as const;

/** Where the time of a change goes. */
const stages: PanelSpec = {
  kind: 'series',
  title: 'Where the time goes',
  description:
    'Mean of each part of the way, stacked in thought: source (to the topic), topic (waiting), pipeline (decoding), sink (the transaction in the target).',
  unit: 's',
  width: 12,
  runbook: 'pipeline-behind',
  queries: STAGES.map((stage) => ({
    expr: `sum by (pipeline) (rate(freshet_stage_seconds_sum{pipeline=~"$pipeline", stage="${stage}"}[$__rate_interval])) / sum by (pipeline) (rate(freshet_stage_seconds_count{pipeline=~"$pipeline", stage="${stage}"}[$__rate_interval]))`,
    legend: `{{pipeline}} ${stage}`,
  })),
};

/** What each pipeline applies, how fast, and what it costs the target. */
export const pipelines: DashboardSpec = {
  uid: 'pipelines',
  title: 'pipelines',
  description: 'How far each pipeline is behind its topics, where the time goes, and what is written.',
  variables: { pipeline: 'freshet_applied_through_timestamp_seconds' },
  rows: [
    {
      title: 'Behind',
      panels: [
        {
          kind: 'series',
          title: 'Behind in time',
          description: 'From what is applied to what is published, in time of commit.',
          unit: 's',
          width: 12,
          limits: { warn: 10, bad: 300 },
          runbook: 'pipeline-behind',
          queries: [
            {
              expr: 'min by (pipeline, table) (freshet_consumer_lag_seconds{pipeline=~"$pipeline"})',
              legend: '{{pipeline}} {{table}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Behind in records',
          description: 'Published and not applied yet; a transaction’s marker in Kafka counts as one.',
          unit: 'short',
          width: 12,
          runbook: 'pipeline-behind',
          queries: [
            {
              expr: 'min by (pipeline, table) (freshet_consumer_lag_records{pipeline=~"$pipeline"})',
              legend: '{{pipeline}} {{table}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Time of a change',
      panels: [
        {
          kind: 'series',
          title: 'From commit to commit',
          description:
            'From commit at the source to commit in the target, of streamed changes: the half, and 99 of 100, take less.',
          unit: 's',
          width: 12,
          limits: { warn: 5, bad: 60 },
          runbook: 'pipeline-behind',
          queries: [
            {
              expr: 'histogram_quantile(0.5, sum by (pipeline, le) (rate(freshet_freshness_seconds_bucket{pipeline=~"$pipeline"}[$__rate_interval])))',
              legend: '{{pipeline}} p50',
            },
            {
              expr: 'histogram_quantile(0.99, sum by (pipeline, le) (rate(freshet_freshness_seconds_bucket{pipeline=~"$pipeline"}[$__rate_interval])))',
              legend: '{{pipeline}} p99',
            },
          ],
        },
        stages,
      ],
    },
    {
      title: 'Work',
      panels: [
        {
          kind: 'series',
          title: 'Applied, by operation',
          description: 'Changes a second, after those of one key in a batch were made one.',
          unit: 'cps',
          width: 8,
          queries: [
            {
              expr: 'sum by (pipeline, op) (rate(freshet_applied_total{pipeline=~"$pipeline"}[$__rate_interval]))',
              legend: '{{pipeline}} {{op}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Rows written',
          description: 'Rows a second that the target really changed.',
          unit: 'cps',
          width: 8,
          queries: [
            {
              expr: 'sum by (pipeline) (rate(freshet_sink_written_rows_total{pipeline=~"$pipeline"}[$__rate_interval]))',
              legend: '{{pipeline}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Rows that were so already',
          description:
            'Share of the rows that needed no write: replays and refreshes cost the target no more than this.',
          unit: 'percentunit',
          width: 8,
          queries: [
            {
              expr: 'sum by (pipeline) (rate(freshet_sink_unchanged_rows_total{pipeline=~"$pipeline"}[$__rate_interval])) / clamp_min(sum by (pipeline) (rate(freshet_sink_unchanged_rows_total{pipeline=~"$pipeline"}[$__rate_interval])) + sum by (pipeline) (rate(freshet_sink_written_rows_total{pipeline=~"$pipeline"}[$__rate_interval])), 0.001)',
              legend: '{{pipeline}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Tried again',
          description:
            'Batches a second that were tried again, by cause. Some are no harm: the code says what it was.',
          unit: 'cps',
          width: 8,
          limits: { warn: 0.1, bad: 1 },
          runbook: 'pipeline-behind',
          queries: [
            {
              expr: 'sum by (pipeline, code) (rate(freshet_retries_total{pipeline=~"$pipeline"}[$__rate_interval]))',
              legend: '{{pipeline}} {{code}}',
            },
          ],
        },
        {
          kind: 'bars',
          title: 'Paused',
          description: '1 while the pipeline is paused by hand: freshet pipelines resume lets it go on.',
          unit: 'short',
          width: 8,
          limits: { warn: 1, bad: 1 },
          runbook: 'pipeline-behind',
          queries: [
            {
              expr: 'max by (pipeline) (freshet_pipeline_paused{pipeline=~"$pipeline"})',
              legend: '{{pipeline}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Age of materialized views',
          description: 'Since the last refresh of a view that a pipeline keeps began.',
          unit: 's',
          width: 8,
          queries: [
            {
              expr: 'min by (pipeline, view) (freshet_view_age_seconds{pipeline=~"$pipeline"})',
              legend: '{{pipeline}} {{view}}',
            },
          ],
        },
      ],
    },
  ],
};
