import type { Command } from 'commander';
import { learnBrandSpellings } from '../../consumers/upsert/learn-spellings.ts';
import { upsertPipeline } from '../../consumers/upsert/pipeline.ts';
import { type ReviewGroup, reviewList } from '../../consumers/upsert/review-list.ts';
import { connect } from '../../runtime/postgres.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { Engine } from '../engine.ts';
import { wholeNumberFrom } from '../option-values.ts';
import { createLog, openTerminal } from '../terminal.ts';
import { addSnapshots } from './catalog-snapshots.ts';

interface ReviewOptions extends JsonOption {
  readonly top: number;
}

const DEFAULT_TOP = 50;

/** `freshet catalog …`: what is about the catalogue rather than about one run of the pipeline. */
export function addCatalog(program: Command, context: CommandContext): void {
  const catalog = program
    .command('catalog')
    .description("the upsert pipeline's catalogue: its rules, its snapshots, its daily diff");
  catalog
    .command('learn')
    .description('learn from the source how brands are written; run it before the first backfill')
    .option('--json', 'as one JSON object')
    .action((options: JsonOption) => learn(context, options));
  catalog
    .command('review')
    .description('what could not be decided, the most frequent first: brand_aliases settles brands')
    .option('--top <n>', 'how many entries, 1 to 10000', wholeNumberFrom(1, 10_000), DEFAULT_TOP)
    .option('--json', 'as one JSON object')
    .action((options: ReviewOptions) => review(context, options));
  addSnapshots(catalog, context);
}
async function learn(context: CommandContext, options: JsonOption): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const engine = new Engine(await config(context), createLog(terminal, true));
  await engine.migrate([upsertPipeline]);
  await using source = await connect(engine.sourceOf(upsertPipeline).connection, 'catalog learn');
  await using target = await connect(engine.config.target, 'catalog learn');
  const learned = await learnBrandSpellings(source, target);
  terminal.out(options.json === true ? JSON.stringify({ learned }) : `${learned} brand spellings learned`);
}

async function review(context: CommandContext, options: ReviewOptions): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  await using target = await connect((await config(context)).target, 'catalog review');
  const list = await reviewList(target, options.top);
  if (options.json === true) terminal.out(JSON.stringify(list));
  else {
    terminal.out(`${list.items} items hold something undecided`);
    for (const group of list.groups) terminal.out(lineOf(group));
  }
}

function lineOf({ items, field, reason, value, candidates }: ReviewGroup): string {
  const offered = candidates.length === 0 ? '' : `   perhaps: ${candidates.join(' | ')}`;
  return `${String(items).padStart(7)}  ${field}: "${value}" (${reason})${offered}`;
}
