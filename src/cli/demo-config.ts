import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, type Environment, type LoadedConfig, resolveConfig } from '../config.ts';
import { demoExamples } from '../demo/examples.ts';
import type { ServiceUrls } from '../embedded/services.ts';

/** Of its leads. */
const PERSONAL_COLUMNS = ['public.messages.body'];

/** The demo's one source, and the prefix of its topics. */
export const DEMO_SOURCE = 'shop';

/** The configured settings on the demo's source, with every example's pipeline and the config's own ones. */
export function demoConfig(
  parsed: LoadedConfig,
  dataFolder: string | null,
  { FRESHET_CACHE_DIR, FRESHET_HTTP_TOKEN, FRESHET_HTTP_TOKEN_FILE }: Environment,
  urls: ServiceUrls,
): Config {
  const tables = demoExamples.flatMap((example) => example.tables);
  const source = {
    name: DEMO_SOURCE,
    tables,
    mode: 'stream' as const,
    onSlotLoss: 'stop' as const,
    failoverSlot: false,
  };
  const own = parsed.pipelines.filter((entry) => typeof entry !== 'string');
  const pipelines = [...demoExamples.map((example) => example.pipeline), ...own];
  const upsert = withTaxonomy(parsed.upsert, dataFolder);
  return resolveConfig(
    {
      ...parsed,
      sources: [source],
      pipelines,
      upsert,
      personalColumns: [...parsed.personalColumns, ...PERSONAL_COLUMNS],
    },
    // The places of other services are none of the demo's.
    { FRESHET_CACHE_DIR, FRESHET_HTTP_TOKEN, FRESHET_HTTP_TOKEN_FILE },
    urls,
  );
}

/** A data folder may have a taxonomy beside its catalogue. */
function withTaxonomy(upsert: LoadedConfig['upsert'], folder: string | null): LoadedConfig['upsert'] {
  if (folder === null) return upsert;
  const taxonomyFile = join(folder, 'catalog', 'taxonomy.txt');
  return existsSync(taxonomyFile) ? { taxonomyFile, ...upsert } : upsert;
}
