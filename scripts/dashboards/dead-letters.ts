import type { DashboardSpec } from './dashboard.ts';

/** What could not be processed, and why. */
export const deadLetters: DashboardSpec = {
  uid: 'dead-letters',
  title: 'dead letters',
  description:
    'Records that could not be processed, by cause. freshet dlq list names them, dlq retry tries again.',
  variables: { pipeline: 'freshet_open_dead_letters' },
  rows: [
    {
      title: 'Open',
      panels: [
        {
          kind: 'bars',
          title: 'Keys that lack a change, by code',
          description: 'Their rows in the target are older than at the source, or missing.',
          unit: 'short',
          width: 12,
          limits: { warn: 1, bad: 100 },
          runbook: 'dead-letters',
          queries: [
            {
              expr: 'max by (pipeline, code) (freshet_open_dead_letters{pipeline=~"$pipeline"})',
              legend: '{{pipeline}} {{code}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Keys that lack a change',
          description: 'A line that leaves the ground tells since when it is so.',
          unit: 'short',
          width: 12,
          limits: { warn: 1, bad: 100 },
          runbook: 'dead-letters',
          queries: [
            {
              expr: 'sum by (pipeline) (max by (pipeline, code) (freshet_open_dead_letters{pipeline=~"$pipeline"}))',
              legend: '{{pipeline}}',
            },
          ],
        },
      ],
    },
    {
      title: 'New',
      panels: [
        {
          kind: 'series',
          title: 'New dead letters',
          description: 'Of the last five minutes, by code.',
          unit: 'short',
          width: 8,
          limits: { warn: 1, bad: 100 },
          runbook: 'dead-letters',
          queries: [
            {
              expr: 'sum by (pipeline, code) (increase(freshet_dead_letters_total{pipeline=~"$pipeline"}[5m]))',
              legend: '{{pipeline}} {{code}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Changes left out',
          description:
            'Partial changes of keys that are owed: they wait for the whole row. Replays are counted here, too: they do no harm.',
          unit: 'cps',
          width: 8,
          runbook: 'dead-letters',
          queries: [
            {
              expr: 'sum by (pipeline, reason) (rate(freshet_skipped_records_total{pipeline=~"$pipeline"}[$__rate_interval]))',
              legend: '{{pipeline}} {{reason}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Things to mend at the source',
          description: 'Such as results with an error: they are left out until somebody mends them.',
          unit: 'short',
          width: 8,
          runbook: 'dead-letters',
          queries: [
            {
              expr: 'max by (pipeline, kind) (freshet_unresolved{pipeline=~"$pipeline"})',
              legend: '{{pipeline}} {{kind}}',
            },
          ],
        },
      ],
    },
  ],
};
