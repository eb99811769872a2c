import type { DashboardSpec } from './dashboard.ts';

/** What the derived data lacks though all is applied. */
export const catalog: DashboardSpec = {
  uid: 'catalog',
  title: 'catalogue coverage',
  description: 'Which items lack metadata, which embeddings are stale, which URLs have no page type.',
  variables: {},
  rows: [
    {
      title: 'Metadata',
      panels: [
        {
          kind: 'bars',
          title: 'Items that have it',
          description:
            'Share of the items that have the field. Brand and category are to be at 100 %, the description at 90 %; freshet coverage tells the shares by source and category.',
          unit: 'percentunit',
          width: 12,
          limits: { warn: 0.95, bad: 0.9, below: true },
          runbook: 'catalog-metadata-missing',
          queries: [
            {
              expr: '1 - max by (field) (freshet_missing_rows{pipeline="upsert"} / freshet_coverage_rows)',
              legend: '{{field}}',
            },
          ],
        },
        {
          kind: 'series',
          title: 'Items without',
          description: 'Items that lack the field.',
          unit: 'short',
          width: 12,
          runbook: 'catalog-metadata-missing',
          queries: [{ expr: 'max by (field) (catalog_metadata_missing_total)', legend: '{{field}}' }],
        },
      ],
    },
    {
      title: 'Embeddings and page types',
      panels: [
        {
          kind: 'series',
          title: 'Stale embeddings',
          description: 'Embeddings that are older than the texts they stand for.',
          unit: 'short',
          width: 12,
          limits: { warn: 1, bad: 1_000 },
          runbook: 'catalog-embeddings-stale',
          queries: [{ expr: 'max(catalog_embeddings_stale_total)', legend: 'stale' }],
        },
        {
          kind: 'series',
          title: 'Rows that lack a value',
          description: 'Of what a pipeline gives, such as URLs without a page type.',
          unit: 'short',
          width: 12,
          queries: [
            { expr: 'max by (pipeline, field) (freshet_missing_rows)', legend: '{{pipeline}} {{field}}' },
          ],
        },
      ],
    },
  ],
};
