import type { Command } from 'commander';
import { vectorType } from '../../consumers/upsert/embeddings/embedding-tables.ts';
import { nearestItems, type NearItem } from '../../consumers/upsert/embeddings/nearest-items.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { connect } from '../../runtime/postgres.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { createEmbedder } from '../embeddings.ts';
import { wholeNumberFrom } from '../option-values.ts';
import { openTerminal } from '../terminal.ts';

interface SearchOptions extends JsonOption {
  readonly limit: number;
}

const DEFAULT_LIMIT = 10;

export function addSearch(program: Command, context: CommandContext): void {
  program
    .command('search <text>')
    .description('the items whose embeddings are nearest to a text')
    .option('--limit <n>', 'how many, 1 to 1000', wholeNumberFrom(1, 1_000), DEFAULT_LIMIT)
    .option('--json', 'as one JSON object')
    .action((text: string, options: SearchOptions) => search(context, text, options));
}

async function search(context: CommandContext, text: string, options: SearchOptions): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const settings = await config(context);
  if (text.trim() === '') throw new FreshetError('USAGE', 'the text to search for is empty');
  await using embedder = createEmbedder(settings);
  const client = await connect(settings.target, 'search');
  try {
    const type = await vectorType(client);
    if (type === null) throw withoutEmbeddings();
    const [vector = []] = await embedder.embed([text], AbortSignal.timeout(60_000));
    const items = await nearestItems(client, type, { model: embedder.model, vector, limit: options.limit });
    if (options.json === true) terminal.out(JSON.stringify({ items }));
    else if (items.length === 0) terminal.out(`no item has an embedding by ${embedder.model} yet`);
    else for (const item of items) terminal.out(lineOf(item));
  } finally {
    await client.end();
  }
}

function lineOf({ cosine, sku, name, brand, category }: NearItem): string {
  const rest = [brand, category].filter((each) => each !== null).join(', ');
  return `${cosine.toFixed(3)}  ${sku}  ${name ?? ''}${rest === '' ? '' : `   (${rest})`}`;
}

function withoutEmbeddings(): FreshetError {
  return new FreshetError('PREFLIGHT', 'the target has no embeddings', {
    cure: 'Set embeddings.enabled: true, and let freshet run or freshet work make them.',
  });
}
