import type { Command } from 'commander';
import type { CommandContext } from './context.ts';

/** Verbs with one subcommand a pipeline: `freshet backfill classify …`. */
interface CommandGroups {
  readonly backfill: Command;
  readonly verify: Command;
  readonly rollback: Command;
}

/** Adds a pipeline's subcommands to the groups. */
export type RegisterCommands = (groups: CommandGroups, context: CommandContext) => void;

/** One entry a pipeline: its own subcommands live in src/cli/commands/<pipeline>.ts. */
const PIPELINES: Readonly<Record<string, () => Promise<RegisterCommands>>> = {
  upsert: async () => (await import('./commands/upsert.ts')).registerUpsert,
  classify: async () => (await import('./commands/classify.ts')).registerClassify,
  transform: async () => (await import('./commands/transform.ts')).registerTransform,
  score: async () => (await import('./commands/score.ts')).registerScore,
};

/**
 * Lets the pipelines register; a verb that no pipeline has is not shown. Where `argv` names a pipeline that has
 * the verb, only that one is loaded.
 */
export async function addPipelineCommands(
  program: Command,
  context: CommandContext,
  [verb, pipeline]: readonly string[],
): Promise<void> {
  const named = PIPELINES[pipeline ?? ''];
  const meant = named === undefined ? [] : await registered(program, context, [named]);
  const groups = meant.some((group) => group.name() === verb)
    ? meant
    : await registered(program, context, Object.values(PIPELINES));
  for (const group of groups) program.addCommand(group);
}

/** The groups that have a subcommand. */
async function registered(
  program: Command,
  context: CommandContext,
  pipelines: readonly (() => Promise<RegisterCommands>)[],
): Promise<Command[]> {
  const group = (name: string, description: string): Command =>
    program.createCommand(name).copyInheritedSettings(program).description(description);
  const groups: CommandGroups = {
    backfill: group('backfill', "bring existing rows through a pipeline, with the pipeline's options"),
    verify: group('verify', 'compare what a pipeline wrote with its source'),
    rollback: group('rollback', 'undo what a pipeline wrote'),
  };
  for (const load of pipelines) (await load())(groups, context);
  return [groups.backfill, groups.verify, groups.rollback].filter(({ commands }) => commands.length > 0);
}
