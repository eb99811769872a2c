import type { DashboardSpec } from './dashboard.ts';

/** Is it fresh? What is behind? Since when? */
export const overview: DashboardSpec = {
  uid: 'overview',
  title: 'overview',
  description: 'Is everything that was committed in the targets yet? What is behind, and since when?',
  variables: {
    source: 'freshet_source_lag_seconds',
    pipeline: 'freshet_applied_through_timestamp_seconds',
  },
  rows: [
    {
      title: 'Is it fresh?',
      panels: [
        {
          kind: 'stat',
          title: 'Oldest applied point',
          description:
            'Age of the commit time up to which everything is in the targets: the worst table. A few seconds, also where nobody commits.',
          unit: 's',
          width: 6,
          limits: { warn: 10, bad: 300 },
          runbook: 'pipeline-behind',
          queries: [
            {
              expr: 'max(time() - max by (pipeline, table) (freshet_applied_through_timestamp_seconds{pipeline=~"$pipeline"}))',
              legend: 'age',
            },
          ],
        },
        {
          kind: 'stat',
          title: 'Records behind',
          description: 'Published and not applied yet, of all pipelines together.',
          unit: 'short',
          width: 6,
          limits: { warn: 10_000, bad: 1_000_000 },
          runbook: 'pipeline-behind',
          queries: [
            {
              expr: 'sum(max by (pipeline, table) (freshet_consumer_lag_records{pipeline=~"$pipeline"}))',
              legend: 'records',
            },
          ],
        },
        {
          kind: 'stat',
          title: 'Keys with open dead letters',
          description: 'Their rows in the target lack a change: freshet dlq list says which, and why.',
          unit: 'short',
          width: 6,
          limits: { warn: 1, bad: 100 },
          runbook: 'dead-letters',
          queries: [
            {
              expr: 'sum(max by (pipeline, code) (freshet_open_dead_letters{pipeline=~"$pipeline"}))',
              legend: 'keys',
            },
          ],
        },
        {
          kind: 'stat',
          title: 'Looks that fail',
          description:
            'Sources, checkpoints and targets that could not be looked at a moment ago: what is told of them is old.',
          unit: 'short',
          width: 6,
          limits: { warn: 1, bad: 2 },
          runbook: 'freshet-down',
          queries: [{ expr: 'sum(min by (at, name) (freshet_look_failed))', legend: 'failing' }],
        },
      ],
    },
    {
      title: 'What is behind, and since when?',
      panels: [
        {
          kind: 'series',
          title: 'Age of what is applied',
          description:
            'For each pipeline and table: since the commit time up to which everything is in the target. A line that climbs began to be behind where it left the ground.',
          unit: 's',
          width: 12,
          limits: { warn: 10, bad: 300 },
          runbook: 'pipeline-behind',
          queries: [
            {
              expr: 'time() - max by (pipeline, table) (freshet_applied_through_timestamp_seconds{pipeline=~"$pipeline"})',
              legend: '{{pipeline}} {{table}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Age of what is published',
          description: 'Since the commit time up to which everything is in the topics.',
          unit: 's',
          width: 12,
          limits: { warn: 10, bad: 300 },
          runbook: 'capture-behind',
          queries: [
            {
              expr: 'min by (source) (freshet_source_lag_seconds{source=~"$source"})',
              legend: '{{source}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Published',
          description: 'Records a second into the topics, by table.',
          unit: 'cps',
          width: 12,
          queries: [
            {
              expr: 'sum by (source, table) (rate(freshet_published_total{source=~"$source"}[$__rate_interval]))',
              legend: '{{source}} {{table}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Applied',
          description: 'Changes a second into the targets, by pipeline.',
          unit: 'cps',
          width: 12,
          queries: [
            {
              expr: 'sum by (pipeline) (rate(freshet_applied_total{pipeline=~"$pipeline"}[$__rate_interval]))',
              legend: '{{pipeline}}',
            },
          ],
        },
      ],
    },
    {
      title: 'The processes',
      panels: [
        {
          kind: 'series',
          title: 'CPU',
          description: 'Share of one core that each process uses.',
          unit: 'percentunit',
          width: 8,
          limits: { warn: 0.8, bad: 0.95 },
          queries: [
            {
              expr: 'rate(process_cpu_seconds_total{job="freshet"}[$__rate_interval])',
              legend: '{{instance}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Memory',
          description: 'Resident memory of each process. It is bounded by the configuration, whatever comes.',
          unit: 'bytes',
          width: 8,
          queries: [{ expr: 'process_resident_memory_bytes{job="freshet"}', legend: '{{instance}}' }],
        },
        {
          kind: 'series',
          title: 'Delay of the event loop',
          description: '99 of 100 turns of the event loop are shorter than this.',
          unit: 's',
          width: 8,
          limits: { warn: 0.1, bad: 0.5 },
          queries: [{ expr: 'nodejs_eventloop_lag_p99_seconds{job="freshet"}', legend: '{{instance}}' }],
        },
      ],
    },
  ],
};
