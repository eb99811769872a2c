import type { Command } from 'commander';
import { catalogCoverage, type SourceCoverage } from '../../consumers/upsert/catalog/coverage.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { countText } from '../../runtime/quantity-text.ts';
import { stopOnSignals } from '../../runtime/shutdown.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { ProgressLine } from '../progress-line.ts';
import { createLog, openTerminal } from '../terminal.ts';
import { openCatalog, withStillCatalog } from '../upsert/setup.ts';

const FAILED = 1;
/** More categories are in the JSON. */
const SHOWN = 15;

export function addCoverage(program: Command, context: CommandContext): void {
  program
    .command('coverage')
    .description(
      'how many items have brand, category, description, image and embedding, by source and category',
    )
    .option('--json', 'as one JSON object, with all categories')
    .addHelpText(
      'after',
      `
Thresholds: brand 100 %, category 100 %, description 90 %. Exit code 1 where the items whose source has a value
fall below one; what the source does not have is told, and nothing is guessed in its place.`,
    )
    .action((options: JsonOption) => coverageCommand(context, options));
}

async function coverageCommand(context: CommandContext, options: JsonOption): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const setup = openCatalog(await config(context), createLog(terminal, true));
  using stop = stopOnSignals();
  using line = new ProgressLine(terminal);
  const sources = await withStillCatalog(setup, async (places) => {
    if (!places.isMade)
      throw new FreshetError('PREFLIGHT', 'the target has no items yet', {
        cure: 'Run freshet backfill upsert first, or correct target.url.',
      });
    const progress = (products: number): void => line.update('reading', products, -1);
    return catalogCoverage(places, { signal: stop.signal, progress });
  });
  line[Symbol.dispose]();
  const ok = sources.every(({ fields }) => Object.values(fields).every((field) => field.ok));
  terminal.out(terminal.json ? JSON.stringify({ ok, sources }) : sources.flatMap(sourceLines).join('\n'));
  if (!ok) process.exitCode = FAILED;
}

function sourceLines({ source, products, missing_items, fields, categories }: SourceCoverage): string[] {
  const head = `${source}: ${countText(products)} products, ${missing_items} without an item`;
  return [
    head,
    ...Object.entries(fields).map(
      ([field, { percent, percent_of_source, threshold, reached, ok }]) =>
        `  ${field.padEnd(12)} ${shown(percent)} of all${verdict(threshold, reached)}   ${shown(percent_of_source)} of those whose source has it${verdict(threshold, ok)}`,
    ),
    ...categories.slice(0, SHOWN).map(
      (each) =>
        `  ${(each.category ?? '(no category)').slice(0, 28).padEnd(28)} ${String(each.products).padStart(7)}   ${Object.entries(
          each.fields,
        )
          .map(([field, { percent }]) => `${field} ${shown(percent)}`)
          .join('  ')}`,
    ),
    ...(categories.length > SHOWN ? [`  … and ${categories.length - SHOWN} more categories: --json`] : []),
  ];
}

function shown(percent: number): string {
  return `${percent.toFixed(2).padStart(6)} %`;
}

function verdict(threshold: number | null, isReached: boolean): string {
  if (threshold === null) return '';
  return isReached ? ` (≥ ${threshold})` : ` (BELOW ${threshold})`;
}
