import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { createExampleTables, demoExamples } from '../../demo/examples.ts';
import { connect } from '../../runtime/postgres.ts';
import { stopOnSignals } from '../../runtime/shutdown.ts';
import { type CommandContext, config } from '../context.ts';
import { wholeNumber } from '../option-values.ts';
import { chosenSource } from '../sources.ts';
import { openTerminal } from '../terminal.ts';

const SEED = 20_261_121;
const PAUSE_MS = 10_000;

interface ExampleDataOptions {
  readonly source?: string;
  readonly rows: number;
  readonly changes?: boolean;
}

/** `freshet example-data`: the demo's shop in a source of one's own, as in docker-compose.yml. */
export function addExampleData(program: Command, context: CommandContext): void {
  program
    .command('example-data')
    .description('make and fill the tables of the example shop in the configured source')
    .option('--source <name>', 'which source, where there are several')
    .option('--rows <n>', 'how many products', wholeNumber, 20_000)
    .option('--changes', 'then insert, update and delete some of them every ten seconds, until stopped')
    .action((options: ExampleDataOptions) => exampleDataCommand(context, options));
}

async function exampleDataCommand(context: CommandContext, options: ExampleDataOptions): Promise<void> {
  const terminal = openTerminal(context.env, false);
  const source = chosenSource(await config(context), options.source, null);
  using stop = stopOnSignals();
  const client = await connect(source.connection, 'example-data');
  try {
    await createExampleTables(client);
    const data = { folder: null, generatedRows: options.rows, seed: SEED };
    for (const example of demoExamples) {
      if (stop.signal.aborted) return;
      const { rows, existing } = await example.fill(client, data);
      terminal.out(`${example.pipeline}: ${rows} rows${existing ? ' are there from before' : ''}`);
    }
    for (let round = 0; options.changes === true && !stop.signal.aborted; round++) {
      for (const example of demoExamples) await example.write(client, Date.now() + round, stop.signal);
      await sleep(PAUSE_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    await client.end();
  }
}
