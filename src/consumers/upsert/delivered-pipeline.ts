import type { DeliverySink } from '../deliver.ts';
import { definePipeline, type TypedPipeline } from '../define-pipeline.ts';
import { itemBody } from './items.ts';
import { judgeAgain, type JudgeAgainOptions, JUDGED_SQL } from './judge-again.ts';
import { type Content, metadataVersion } from './normalise/metadata-version.ts';
import type { Taxonomy } from './normalise/taxonomy.ts';
import { productSources } from './pipeline.ts';
import { CurrentRules, RULES_SQL } from './rules.ts';

const TOLD = `SELECT FROM freshet.deliveries WHERE pipeline = 'upsert' LIMIT 1`;

/**
 * The upsert pipeline whose items go to an items API in the place of the table: normalised, each with its version,
 * at least once. What the API was told is kept in the target, so that what is unchanged is not sent.
 */
export function createDeliveredPipeline(
  taxonomy: Taxonomy | null,
  to: DeliverySink,
  again: JudgeAgainOptions | null = null,
): TypedPipeline<typeof productSources> {
  const rules = new CurrentRules(taxonomy);
  return definePipeline({
    name: 'upsert',
    sources: productSources,
    targets: [],
    migrations: [
      { id: 'catalog-rules', sql: RULES_SQL },
      { id: 'catalog-judged', sql: JUDGED_SQL },
    ],
    ...(again === null ? {} : { companion: judgeAgain(taxonomy, again, TOLD) }),
    lookUps: { rules: rules.lookUp },
    transform: (_, { lookUps }) => {
      rules.take(lookUps.rules);
      return [];
    },
    deliver: {
      to,
      keyOf: ({ key }) => String(key['sku']),
      bodyOf: ({ key, row }) => itemBody(String(key['sku']), row, rules.current),
      complete,
    },
  });
}

/** The upstream's version, or one of the content alone: neither the time nor an earlier version counts. */
function complete(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { metadata_version: given, updated_at: updatedAt, ...content } = body;
  const version = given ?? metadataVersion(content as Content);
  return { ...content, updated_at: updatedAt, metadata_version: version };
}
