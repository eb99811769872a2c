import type { Command } from 'commander';
import type { RefreshOptions, SteerOptions } from './commands/refresh.ts';
import type { TablesOptions } from './commands/tables.ts';
import type { CommandContext } from './context.ts';
import { keyList } from './option-values.ts';

/** `freshet refresh <table>` and what can be done with a refresh that goes on. */
export function addRefresh(program: Command, context: CommandContext): void {
  const refresh = program
    .command('refresh')
    .description('publish current rows of a table again, while its changes go on');
  refresh
    .command('table <table>', { isDefault: true })
    .description('ask for it; where no capture runs, do it here')
    .option('--source <name>', 'of that source, where several have the table')
    .option('--where <sql>', 'only rows that meet this condition')
    .option(
      '--keys <keys>',
      'only these: 1,2,3, or a JSON array; those that are gone become deletes',
      keyList,
    )
    .option('--group <group>', 'the consumer group it is for; others take the rows as plain state')
    .option('--wait', 'return when every row is published')
    .option('--keep-slot', 'where a slot has to be made for it, keep the slot')
    .option('--json', 'as one JSON object')
    .action(async (table: string, options: RefreshOptions) =>
      (await import('./commands/refresh.ts')).refreshCommand(context, table, options),
    );
  refresh
    .command('list')
    .description('every refresh that is known, and how far it is')
    .option('--source <name>', 'of that source only')
    .option('--json', 'as one JSON object')
    .action(async (options: SteerOptions) =>
      (await import('./commands/refresh.ts')).refreshListCommand(context, options),
    );
  for (const [kind, text] of STEERING) {
    refresh
      .command(`${kind} <id>`)
      .description(text)
      .option('--source <name>', 'of that source')
      .option('--json', 'as one JSON object')
      .action(async (id: string, options: SteerOptions) =>
        (await import('./commands/refresh.ts')).steerCommand(context, kind, id, options),
      );
  }
}

/** `freshet tables add <table>`, `remove <table>`. */
export function addTables(program: Command, context: CommandContext): void {
  const tables = program
    .command('tables')
    .description('add tables to a running capture, or take them out: no restart, no new slot');
  for (const [action, text] of TABLE_ACTIONS) {
    tables
      .command(`${action} <table>`)
      .description(text)
      .option('--source <name>', 'of that source, where there are several')
      .option('--json', 'as one JSON object')
      .action(async (table: string, options: TablesOptions) =>
        (await import('./commands/tables.ts')).tablesCommand(context, action, table, options),
      );
  }
}

const TABLE_ACTIONS = [
  ['add', 'publish it from now on, with all its rows'],
  ['remove', 'publish it no more; its topic stays'],
] as const;

const STEERING = [
  ['pause', 'read no further for now'],
  ['resume', 'go on with a paused one'],
  ['cancel', 'end it; what is published stays'],
] as const;
