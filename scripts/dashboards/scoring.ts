import type { DashboardSpec } from './dashboard.ts';

/** Jobs of the score pipeline, and what the scorer does and costs. */
export const scoring: DashboardSpec = {
  uid: 'scoring',
  title: 'lead scoring',
  description: 'Jobs that wait, how long they take, and what the scorer’s endpoint answers and costs.',
  variables: {},
  rows: [
    {
      title: 'Jobs',
      panels: [
        {
          kind: 'stat',
          title: 'Leads without score',
          description: 'Leads that have written and have no score yet.',
          unit: 'short',
          width: 6,
          limits: { warn: 100, bad: 10_000 },
          runbook: 'jobs-piling-up',
          queries: [{ expr: 'max(freshet_score_unscored_leads)', legend: 'leads' }],
        },
        {
          kind: 'stat',
          title: 'Oldest job',
          description: 'Of those that could run, how long the oldest has waited.',
          unit: 's',
          width: 6,
          limits: { warn: 60, bad: 600 },
          runbook: 'jobs-piling-up',
          queries: [{ expr: 'max(freshet_score_oldest_job_seconds)', legend: 'waited' }],
        },
        {
          kind: 'series',
          title: 'Jobs by state',
          description:
            'waiting: for a worker. scheduled: for their time. failed: for good, until enqueued again.',
          unit: 'short',
          width: 12,
          runbook: 'jobs-piling-up',
          queries: [{ expr: 'max by (state) (freshet_score_jobs)', legend: '{{state}}' }],
        },
        {
          kind: 'series',
          title: 'Jobs done',
          description: 'A second, by what they ended with.',
          unit: 'cps',
          width: 12,
          queries: [
            {
              expr: 'sum by (outcome) (rate(freshet_score_jobs_done_total[$__rate_interval]))',
              legend: '{{outcome}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Duration of a job',
          description: '99 of 100 jobs take less.',
          unit: 's',
          width: 12,
          limits: { warn: 10, bad: 60 },
          queries: [
            {
              expr: 'histogram_quantile(0.99, sum by (le) (rate(freshet_score_job_seconds_bucket[$__rate_interval])))',
              legend: 'p99',
            },
          ],
        },
      ],
    },
    {
      title: 'Scorer',
      panels: [
        {
          kind: 'series',
          title: 'Requests',
          description: 'A second, by outcome. None with the local scorer.',
          unit: 'cps',
          width: 8,
          queries: [
            {
              expr: 'sum by (outcome) (rate(freshet_scorer_requests_total[$__rate_interval]))',
              legend: '{{outcome}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Tokens',
          description: 'A second, prompt and completion.',
          unit: 'cps',
          width: 8,
          queries: [
            {
              expr: 'sum by (kind) (rate(freshet_scorer_tokens_total[$__rate_interval]))',
              legend: '{{kind}}',
            },
          ],
        },
        {
          kind: 'stat',
          title: 'Cost of the last day',
          description: 'Of the tokens, where prices are configured.',
          unit: 'currencyUSD',
          width: 8,
          queries: [{ expr: 'sum(increase(freshet_scorer_cost_dollars_total[1d]))', legend: 'dollars' }],
        },
      ],
    },
  ],
};
