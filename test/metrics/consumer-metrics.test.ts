import { describe, expect, it } from 'vitest';
import { consumerObserver } from '../../src/metrics/consumer-metrics.ts';
import { LiveStatus } from '../../src/metrics/live-status.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';

describe('what pipelines tell', () => {
  it('becomes a share: rows that lack a field, and all rows; metadata of the catalogue under its own name, too', async () => {
    const metrics = createMetrics();
    const status = new LiveStatus();
    const observer = consumerObserver(metrics, status, () => {});
    observer.missing('upsert', 'brand', 3, 200);
    observer.missing('upsert', 'embedding', 7, 200);
    observer.missing('classify', 'page_type', 1, 10);
    expect(Object.fromEntries(status.pipeline('upsert').fields)).toEqual({
      brand: { missing: 3, rows: 200 },
      embedding: { missing: 7, rows: 200 },
    });
    const text = await metrics.registry.metrics();
    for (const line of [
      'freshet_missing_rows{pipeline="upsert",field="embedding"} 7',
      'freshet_coverage_rows{pipeline="upsert",field="embedding"} 200',
      'freshet_missing_rows{pipeline="classify",field="page_type"} 1',
      'freshet_coverage_rows{pipeline="classify",field="page_type"} 10',
    ])
      expect(text).toContain(line);
    expect(text.match(/^catalog_metadata_missing_total\{.*$/gm)).toEqual([
      'catalog_metadata_missing_total{field="brand"} 3',
    ]);
  });
});
