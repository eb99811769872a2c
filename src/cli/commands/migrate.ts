import { createExampleTables } from '../../demo/examples.ts';
import { connect } from '../../runtime/postgres.ts';
import { type CommandContext, config } from '../context.ts';
import { Engine } from '../engine.ts';
import { configuredPipelines } from '../pipelines.ts';
import { createLog, openTerminal } from '../terminal.ts';

export interface MigrateOptions {
  readonly demoSource?: boolean;
}

export async function migrateCommand(context: CommandContext, options: MigrateOptions): Promise<void> {
  const terminal = openTerminal(context.env, false);
  const engine = new Engine(await config(context), createLog(terminal, true));
  const pipelines = configuredPipelines(engine.config);
  await engine.migrate(pipelines);
  terminal.out(`target: up to date for ${pipelines.map((pipeline) => pipeline.name).join(', ')}`);
  if (options.demoSource !== true) return;
  for (const source of engine.config.sources) {
    const client = await connect(source.connection, 'migrate');
    try {
      await createExampleTables(client);
    } finally {
      await client.end();
    }
    terminal.out(`source ${source.name}: example tables are there`);
  }
}
