import { defineConfig } from 'freshet';

/** The example shop, in containers: docker-compose.yml says where everything is. */
export default defineConfig({
  sources: [
    {
      name: 'shop',
      tables: [
        'public.products',
        'public.urls',
        'public.page_type_patterns',
        'public.brand_competitors',
        'public.extracted_positions',
        'public.leads',
        'public.messages',
      ],
    },
  ],
  pipelines: ['upsert', 'classify', 'transform', 'score'],
  personalColumns: ['public.messages.body'],
});
