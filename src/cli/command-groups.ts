import type { Command } from 'commander';
import type { CommandContext } from './context.ts';

/** Verbs with one subcommand a pipeline: `freshet backfill classify …`. */
interface CommandGroups {
  readonly backfill: Command;
  readonly verify: Command;
  readonly rollback: Command;
}

/** Adds a pipeline's subcommands to the groups; each lives in src/cli/commands/<pipeline>.ts. */
export type RegisterCommands = (groups: CommandGroups, context: CommandContext) => void;

/** Lets every pipeline register; a verb that no pipeline has is not shown. */
export function addGroups(
  program: Command,
  context: CommandContext,
  registrations: readonly RegisterCommands[],
): void {
  const group = (name: string, description: string): Command =>
    program.createCommand(name).copyInheritedSettings(program).description(description);
  const groups: CommandGroups = {
    backfill: group('backfill', "bring existing rows through a pipeline, with the pipeline's options"),
    verify: group('verify', 'compare what a pipeline wrote with its source'),
    rollback: group('rollback', 'undo what a pipeline wrote'),
  };
  for (const register of registrations) register(groups, context);
  for (const each of [groups.backfill, groups.verify, groups.rollback])
    if (each.commands.length > 0) program.addCommand(each);
}
