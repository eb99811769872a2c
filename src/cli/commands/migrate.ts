import { createExampleTables } from '../../demo/examples.ts';
import { connect } from '../../runtime/postgres.ts';
import { type CommandContext, config } from '../context.ts';
import { Engine } from '../engine.ts';
import { configuredPipelines } from '../pipelines.ts';
import { createLog, openTerminal, type Terminal } from '../terminal.ts';

export interface MigrateOptions {
  readonly demoSource?: boolean;
}

export async function migrateCommand(context: CommandContext, options: MigrateOptions): Promise<void> {
  const terminal = openTerminal(context.env, false);
  const engine = new Engine(await config(context), createLog(terminal, true));
  // Pipelines that write back add their columns to tables that must be there.
  if (options.demoSource === true) await createExamples(engine, terminal);
  const pipelines = configuredPipelines(engine.config);
  await engine.migrate(pipelines);
  terminal.out(`target: up to date for ${pipelines.map((pipeline) => pipeline.name).join(', ')}`);
}

async function createExamples({ config: { sources } }: Engine, terminal: Terminal): Promise<void> {
  for (const source of sources) {
    await using client = await connect(source.connection, 'migrate');
    await createExampleTables(client);
    terminal.out(`source ${source.name}: example tables are there`);
  }
}
