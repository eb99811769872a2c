import type { DashboardSpec } from './dashboard.ts';

/** What the capture does, and whether the server keeps the WAL that it needs. */
export const capture: DashboardSpec = {
  uid: 'capture',
  title: 'capture and WAL safety',
  description: 'How far the topics are behind the sources, what the slots keep, and how refreshes get on.',
  variables: { source: 'freshet_source_lag_seconds' },
  rows: [
    {
      title: 'WAL safety',
      panels: [
        {
          kind: 'stat',
          title: 'Slot is there',
          description:
            '1 while the replication slot exists and its WAL is kept. 0: changes are being missed.',
          unit: 'short',
          width: 4,
          limits: { warn: 1, bad: 0.5, below: true },
          runbook: 'slot-lost',
          queries: [
            {
              expr: 'max by (source) (freshet_slot_exists{source=~"$source"}) - max by (source) (freshet_slot_wal_status{source=~"$source", status="lost"})',
              legend: '{{source}}',
            },
          ],
        },
        {
          kind: 'stat',
          title: 'Time to loss',
          description:
            'Until the slot is lost at the present rate of WAL, were nothing confirmed any more. Shown where max_slot_wal_keep_size is set.',
          unit: 's',
          width: 5,
          limits: { warn: 14_400, bad: 7_200, below: true },
          runbook: 'wal-at-risk',
          queries: [
            {
              expr: 'min by (source) (freshet_slot_loss_eta_seconds{source=~"$source"})',
              legend: '{{source}}',
            },
          ],
        },
        {
          kind: 'stat',
          title: 'WAL that may still be written',
          description: 'Before the slot is lost. Shown where max_slot_wal_keep_size is set.',
          unit: 'bytes',
          width: 5,
          limits: { warn: 2_147_483_648, bad: 536_870_912, below: true },
          runbook: 'wal-at-risk',
          queries: [
            { expr: 'min by (source) (freshet_slot_safe_bytes{source=~"$source"})', legend: '{{source}}' },
          ],
        },
        {
          kind: 'series',
          title: 'WAL that the slot keeps',
          description: 'On the disk of the source’s server. It grows while a capture stays away.',
          unit: 'bytes',
          width: 10,
          runbook: 'wal-at-risk',
          queries: [
            {
              expr: 'max by (source) (freshet_slot_retained_bytes{source=~"$source"})',
              legend: '{{source}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'State of the slot’s WAL',
          description:
            '1 for the present wal_status: reserved, extended, unreserved (about to be removed) or lost.',
          unit: 'short',
          width: 12,
          runbook: 'wal-at-risk',
          queries: [
            {
              expr: 'max by (source, status) (freshet_slot_wal_status{source=~"$source"})',
              legend: '{{source}} {{status}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Captures that hold their slot',
          description: '0 while nobody captures: the slot keeps WAL then.',
          unit: 'short',
          width: 12,
          limits: { warn: 1, bad: 0.5, below: true },
          runbook: 'capture-behind',
          queries: [
            { expr: 'max by (source) (freshet_slot_active{source=~"$source"})', legend: '{{source}}' },
          ],
        },
      ],
    },
    {
      title: 'Publishing',
      panels: [
        {
          kind: 'series',
          title: 'WAL not published yet',
          description: 'Bytes of the whole server’s WAL between what is written and what is published.',
          unit: 'bytes',
          width: 8,
          runbook: 'capture-behind',
          queries: [
            { expr: 'min by (source) (freshet_source_lag_bytes{source=~"$source"})', legend: '{{source}}' },
          ],
        },
        {
          kind: 'series',
          title: 'Published, by operation',
          description: 'c: created, u: updated, d: deleted, t: truncated, r: read by a refresh.',
          unit: 'cps',
          width: 8,
          queries: [
            {
              expr: 'sum by (source, op) (rate(freshet_published_total{source=~"$source"}[$__rate_interval]))',
              legend: '{{source}} {{op}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Duration of a Kafka transaction',
          description: 'The half and 99 of 100 transactions are shorter.',
          unit: 's',
          width: 8,
          limits: { warn: 0.5, bad: 5 },
          queries: [
            {
              expr: 'histogram_quantile(0.5, sum by (source, le) (rate(freshet_publish_seconds_bucket{source=~"$source"}[$__rate_interval])))',
              legend: '{{source}} p50',
            },
            {
              expr: 'histogram_quantile(0.99, sum by (source, le) (rate(freshet_publish_seconds_bucket{source=~"$source"}[$__rate_interval])))',
              legend: '{{source}} p99',
            },
          ],
        },
        {
          kind: 'bars',
          title: 'Rows that could not be published',
          description: 'Since the capture began, by table and code.',
          unit: 'short',
          width: 12,
          limits: { warn: 1, bad: 10 },
          runbook: 'rows-not-published',
          queries: [
            {
              expr: 'sum by (source, table, code) (freshet_capture_rejected_total{source=~"$source"})',
              legend: '{{table}} {{code}}',
            },
          ],
        },
        {
          kind: 'bars',
          title: 'Halted tables',
          description: '1: nothing of the table is published; the others go on. The status says why.',
          unit: 'short',
          width: 12,
          limits: { warn: 1, bad: 1 },
          runbook: 'table-halted',
          queries: [
            {
              expr: 'max by (source, table) (freshet_table_halted{source=~"$source"})',
              legend: '{{source}} {{table}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Refreshes',
      panels: [
        {
          kind: 'bars',
          title: 'Progress',
          description: 'Rows published against the planner’s guess; the guess can be wrong.',
          unit: 'percentunit',
          width: 8,
          runbook: 'snapshot-stalled',
          queries: [
            {
              expr: 'max by (source, table) (freshet_snapshot_published_rows{source=~"$source"}) / max by (source, table) (freshet_snapshot_estimated_rows{source=~"$source"} > 0)',
              legend: '{{source}} {{table}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Rows read',
          description: 'Rows a second that snapshot chunks read, by table.',
          unit: 'cps',
          width: 8,
          runbook: 'snapshot-stalled',
          queries: [
            {
              expr: 'sum by (source, table) (rate(freshet_snapshot_rows_read_total{source=~"$source"}[$__rate_interval]))',
              legend: '{{source}} {{table}}',
            },
          ],
        },
        {
          kind: 'bars',
          title: 'Refreshes that failed',
          description:
            '1: the last refresh of the table that ended has failed. freshet refresh list says why.',
          unit: 'short',
          width: 8,
          limits: { warn: 1, bad: 1 },
          runbook: 'backfill-failed',
          queries: [
            {
              expr: 'max by (source, table) (freshet_refresh_failed{source=~"$source"})',
              legend: '{{source}} {{table}}',
            },
          ],
        },
      ],
    },
  ],
};
