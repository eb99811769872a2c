import { Command } from 'commander';
import type { Environment } from '../config.ts';
import { ENVIRONMENT } from '../config.ts';
import { readVersion } from './version.ts';
import {
  captureCommand,
  type CaptureOptions,
  consumeCommand,
  runCommand,
  serveCommand,
  workCommand,
} from './commands/run.ts';
import { addCatalog } from './commands/catalog.ts';
import { addCoverage } from './commands/coverage.ts';
import { demoCommand, type DemoOptions } from './commands/demo.ts';
import { addExampleData } from './commands/example-data.ts';
import { addDlq } from './commands/dlq.ts';
import { doctorCommand } from './commands/doctor.ts';
import { initCommand, type InitOptions } from './commands/init.ts';
import { migrateCommand, type MigrateOptions } from './commands/migrate.ts';
import { addOffsets } from './commands/offsets.ts';
import { addPipelines } from './commands/pipelines.ts';
import { servicesDownCommand, servicesStatusCommand, servicesUpCommand } from './commands/services.ts';
import { registerClassify } from './commands/classify.ts';
import { registerScore } from './commands/score.ts';
import { registerTransform } from './commands/transform.ts';
import { addSearch } from './commands/search.ts';
import { registerUpsert } from './commands/upsert.ts';
import { addTopics } from './commands/topics.ts';
import { addWait } from './commands/wait.ts';
import { statusCommand } from './commands/status.ts';
import { addGroups, type RegisterCommands } from './command-groups.ts';
import type { CommandContext, JsonOption } from './context.ts';
import { wholeNumber } from './option-values.ts';
import { addRefresh, addTables } from './control-commands.ts';

/** One entry a pipeline: its own subcommands of backfill, verify and rollback. */
const PIPELINE_COMMANDS: readonly RegisterCommands[] = [
  registerUpsert,
  registerClassify,
  registerTransform,
  registerScore,
];

const EXIT_CODES = `
Exit codes:
  0 ok   1 failed   2 usage or config   3 preflight   4 operator action needed   5 partial: dead letters`;

/** The command line. Every command gets the environment handed in. */
export function createProgram(env: Environment, cwd: string): Command {
  const context: CommandContext = { env, cwd };
  const program = new Command('freshet')
    .description(
      'Backfills derived data from PostgreSQL once and keeps it fresh for ever, through one code path.',
    )
    .version(readVersion())
    .exitOverride()
    .showHelpAfterError('(see freshet --help)')
    .addHelpText('after', `${environmentHelp()}\n${EXIT_CODES}`);
  addRoles(program, context);
  addRefresh(program, context);
  addTables(program, context);
  addTopics(program, context);
  addGroups(program, context, PIPELINE_COMMANDS);
  addCatalog(program, context);
  addSearch(program, context);
  addCoverage(program, context);
  addExampleData(program, context);
  addDlq(program, context);
  addOffsets(program, context);
  addPipelines(program, context);
  addServices(program, context);
  addInspection(program, context);
  addWait(program, context);
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
    .action((options: DemoOptions) => demoCommand(context, options));
  program
    .command('run')
    .description('capture, every configured pipeline, the status page and /metrics, in one process')
    .option('--json', 'messages as JSON')
    .action((options: JsonOption) => runCommand(context, options));
  program
    .command('capture')
    .description('publish the changes and the existing rows of the configured sources to their topics')
    .option('--source <name>', 'only this source')
    .option('--snapshot-only', 'without a replication slot: rows are published only when refreshed')
    .option('--json', 'messages as JSON')
    .action((options: CaptureOptions) => captureCommand(context, options));
  program
    .command('consume <pipeline>')
    .description('run one pipeline; start more of them to share the partitions')
    .option('--json', 'messages as JSON')
    .action((pipeline: string, options: JsonOption) => consumeCommand(context, pipeline, options));
  program
    .command('work')
    .description(
      "do the jobs of the score pipeline, embeddings where they are enabled, and the catalogue's daily diff where upsert.refreshCron says when; start more of them to share the work",
    )
    .option('--json', 'messages as JSON')
    .action((options: JsonOption) => workCommand(context, options));
  program
    .command('serve')
    .description(
      'the status page, and the items API where items-api is among the pipelines; /metrics, /healthz, /readyz, /status',
    )
    .option('--json', 'messages as JSON')
    .action((options: JsonOption) => serveCommand(context, options));
}

function addServices(program: Command, context: CommandContext): void {
  const services = program
    .command('services')
    .description('embedded PostgreSQL, Kafka and schema registry for development');
  services
    .command('up')
    .description('start them in the background, and print their URLs; they stay until down')
    .option('--json', 'as one JSON object')
    .action((options: JsonOption) => servicesUpCommand(context, options));
  services
    .command('down')
    .description('stop them; their data stays')
    .option('--json', 'as one JSON object')
    .action((options: JsonOption) => servicesDownCommand(context, options));
  services
    .command('status')
    .description('what runs')
    .option('--json', 'as one JSON object')
    .action((options: JsonOption) => servicesStatusCommand(context, options));
}

function addInspection(program: Command, context: CommandContext): void {
  program
    .command('migrate')
    .description('create or upgrade the tables that Freshet owns in the target')
    .option('--demo-source', 'also create the example source tables')
    .action((options: MigrateOptions) => migrateCommand(context, options));
  program
    .command('status')
    .description('how fresh everything is: slots, snapshots, and up to when each pipeline has applied all')
    .option('--json', 'as one JSON object')
    .action((options: JsonOption) => statusCommand(context, options));
  program
    .command('doctor')
    .description('check everything a start needs, and print the cure for what is missing; exit code 3 then')
    .option('--json', 'as one JSON object')
    .action((options: JsonOption) => doctorCommand(context, options));
  program
    .command('init')
    .description('what an administrator of the source has to run')
    .option('--print-sql', 'print it: a least-privilege role, grants and the publication')
    .option('--role <name>', 'name of the role', 'freshet')
    .action((options: InitOptions) => initCommand(context, options));
}

function environmentHelp(): string {
  const width = Math.max(...Object.keys(ENVIRONMENT).map((name) => name.length));
  const lines = Object.entries(ENVIRONMENT).map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
  return `\nEnvironment:\n${lines.join('\n')}`;
}
