import { Command } from 'commander';
import type { Environment } from '../config.ts';
import { ENVIRONMENT } from '../config.ts';
import { addPipelineCommands } from './command-groups.ts';
import type { DemoOptions } from './commands/demo.ts';
import type { InitOptions } from './commands/init.ts';
import type { MigrateOptions } from './commands/migrate.ts';
import type { CaptureOptions } from './commands/run.ts';
import type { CommandContext, JsonOption } from './context.ts';
import { addRefresh, addTables } from './control-commands.ts';
import { wholeNumber } from './option-values.ts';
import { readVersion } from './version.ts';

type AddCommands = (program: Command, context: CommandContext) => void | Promise<void>;

/**
 * Commands by their first words, in the order of the help. What a command works with is loaded when it
 * is run: to load everything takes longer than most of them.
 */
function parts(argv: readonly string[]): readonly (readonly [readonly string[], AddCommands])[] {
  return [
    [['demo', 'run', 'capture', 'consume', 'work', 'serve'], addRoles],
    [['refresh'], addRefresh],
    [['tables'], addTables],
    [['topics'], async (...to) => (await import('./commands/topics.ts')).addTopics(...to)],
    [['backfill', 'verify', 'rollback'], async (...to) => addPipelineCommands(...to, argv)],
    [['catalog'], async (...to) => (await import('./commands/catalog.ts')).addCatalog(...to)],
    [['search'], async (...to) => (await import('./commands/search.ts')).addSearch(...to)],
    [['coverage'], async (...to) => (await import('./commands/coverage.ts')).addCoverage(...to)],
    [['example-data'], async (...to) => (await import('./commands/example-data.ts')).addExampleData(...to)],
    [['dlq'], async (...to) => (await import('./commands/dlq.ts')).addDlq(...to)],
    [['offsets'], async (...to) => (await import('./commands/offsets.ts')).addOffsets(...to)],
    [['pipelines'], async (...to) => (await import('./commands/pipelines.ts')).addPipelines(...to)],
    [['services'], addServices],
    [['migrate', 'status', 'doctor', 'init'], addInspection],
    [['wait'], async (...to) => (await import('./commands/wait.ts')).addWait(...to)],
  ];
}

const EXIT_CODES = `
Exit codes:
  0 ok   1 failed   2 usage or config   3 preflight   4 operator action needed   5 partial: dead letters`;

/**
 * The command line. Every command gets the environment handed in. Where `argv` begins with a command, it
 * has that one and its neighbours only.
 */
export async function createProgram(
  env: Environment,
  cwd: string,
  argv: readonly string[],
): Promise<Command> {
  const context: CommandContext = { env, cwd };
  const program = new Command('freshet')
    .description(
      'Backfills derived data from PostgreSQL once and keeps it fresh for ever, through one code path.',
    )
    .version(readVersion())
    .exitOverride()
    .showHelpAfterError('(see freshet --help)')
    .addHelpText('after', `${environmentHelp()}\n${EXIT_CODES}`);
  const all = parts(argv);
  const meant = all.filter(([words]) => words.includes(argv[0] ?? ''));
  for (const [, add] of meant.length > 0 ? meant : all) await add(program, context);
  return program;
}

function addRoles(program: Command, context: CommandContext): void {
  program
    .command('demo')
    .description('the whole way of the data on embedded services, with an example shop: nothing to set up')
    .option(
      '--data <dir>',
      'load DIR/catalog/products.jsonl.gz, DIR/urls/*.csv and DIR/leads/messages.csv; else generated rows',
    )
    .option('--rows <n>', 'how many products to generate without --data', wholeNumber, 20_000)
    .option('--once', 'backfill, 1,000 random writes, verify, and end; exit code 0 only without mismatches')
    .option('--json', 'one JSON object on stdout, messages as JSON on stderr')
    .option('--fresh', 'begin with an empty data folder')
    .action(async (options: DemoOptions) =>
      (await import('./commands/demo.ts')).demoCommand(context, options),
    );
  program
    .command('run')
    .description('capture, every configured pipeline, the status page and /metrics, in one process')
    .option('--json', 'messages as JSON')
    .action(async (options: JsonOption) => (await import('./commands/run.ts')).runCommand(context, options));
  program
    .command('capture')
    .description('publish the changes and the existing rows of the configured sources to their topics')
    .option('--source <name>', 'only this source')
    .option('--snapshot-only', 'without a replication slot: rows are published only when refreshed')
    .option('--json', 'messages as JSON')
    .action(async (options: CaptureOptions) =>
      (await import('./commands/run.ts')).captureCommand(context, options),
    );
  program
    .command('consume <pipeline>')
    .description('run one pipeline; start more of them to share the partitions')
    .option('--json', 'messages as JSON')
    .action(async (pipeline: string, options: JsonOption) =>
      (await import('./commands/run.ts')).consumeCommand(context, pipeline, options),
    );
  program
    .command('work')
    .description(
      "do the jobs of the score pipeline, embeddings where they are enabled, and the catalogue's daily diff where upsert.refreshCron says when; start more of them to share the work",
    )
    .option('--json', 'messages as JSON')
    .action(async (options: JsonOption) => (await import('./commands/run.ts')).workCommand(context, options));
  program
    .command('serve')
    .description(
      'the status page, and the items API where items-api is among the pipelines; /metrics, /healthz, /readyz, /status',
    )
    .option('--json', 'messages as JSON')
    .action(async (options: JsonOption) =>
      (await import('./commands/run.ts')).serveCommand(context, options),
    );
}

function addServices(program: Command, context: CommandContext): void {
  const services = program
    .command('services')
    .description('embedded PostgreSQL, Kafka and schema registry for development');
  services
    .command('up')
    .description('start them in the background, and print their URLs; they stay until down')
    .option('--json', 'as one JSON object')
    .action(async (options: JsonOption) =>
      (await import('./commands/services.ts')).servicesUpCommand(context, options),
    );
  services
    .command('down')
    .description('stop them; their data stays')
    .option('--json', 'as one JSON object')
    .action(async (options: JsonOption) =>
      (await import('./commands/services.ts')).servicesDownCommand(context, options),
    );
  services
    .command('status')
    .description('what runs')
    .option('--json', 'as one JSON object')
    .action(async (options: JsonOption) =>
      (await import('./commands/services.ts')).servicesStatusCommand(context, options),
    );
}

function addInspection(program: Command, context: CommandContext): void {
  program
    .command('migrate')
    .description('create or upgrade the tables that Freshet owns in the target')
    .option('--demo-source', 'also create the example source tables')
    .action(async (options: MigrateOptions) =>
      (await import('./commands/migrate.ts')).migrateCommand(context, options),
    );
  program
    .command('status')
    .description('how fresh everything is: slots, snapshots, and up to when each pipeline has applied all')
    .option('--json', 'as one JSON object')
    .action(async (options: JsonOption) =>
      (await import('./commands/status.ts')).statusCommand(context, options),
    );
  program
    .command('doctor')
    .description('check everything a start needs, and print the cure for what is missing; exit code 3 then')
    .option('--json', 'as one JSON object')
    .action(async (options: JsonOption) =>
      (await import('./commands/doctor.ts')).doctorCommand(context, options),
    );
  program
    .command('init')
    .description('what an administrator of the source has to run')
    .option('--print-sql', 'print it: a least-privilege role, grants and the publication')
    .option('--role <name>', 'name of the role', 'freshet')
    .action(async (options: InitOptions) =>
      (await import('./commands/init.ts')).initCommand(context, options),
    );
}

function environmentHelp(): string {
  const width = Math.max(...Object.keys(ENVIRONMENT).map((name) => name.length));
  const lines = Object.entries(ENVIRONMENT).map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
  return `\nEnvironment:\n${lines.join('\n')}`;
}
