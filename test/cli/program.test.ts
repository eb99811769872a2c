import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';

async function words(...argv: string[]): Promise<string[]> {
  return (await createProgram({}, '/', argv)).commands.map((command) => command.name());
}

async function pipelinesOf(verb: string, ...argv: string[]): Promise<string[]> {
  const program = await createProgram({}, '/', argv);
  const group = program.commands.find((command) => command.name() === verb);
  return group?.commands.map((command) => command.name()) ?? [];
}

describe('the command line', () => {
  it.each([[[]], [['--help']], [['help', 'dlq']], [['no-such-command']]])(
    'has every command for %j',
    async (argv) => {
      const all = await words(...argv);
      expect(all).toEqual(
        expect.arrayContaining(['demo', 'run', 'backfill', 'dlq', 'services', 'doctor', 'wait']),
      );
      expect(new Set(all).size).toBe(all.length);
    },
  );

  it('has the one that is named, wherever it stands in the list', async () => {
    for (const word of await words()) expect(await words(word)).toContain(word);
  });

  it('loads no other one beside it', async () => {
    expect(await words('dlq', 'list')).toEqual(['dlq']);
    expect(await words('backfill', 'transform')).toEqual(['backfill', 'verify', 'rollback']);
    expect(await pipelinesOf('backfill', 'backfill', 'transform')).toEqual(['transform']);
  });

  it('names every pipeline that has the verb where the one that is given has not', async () => {
    const all = await pipelinesOf('rollback');
    expect(all).toContain('transform');
    expect(await pipelinesOf('rollback', 'rollback', 'score')).toEqual(all);
    expect(await pipelinesOf('backfill', 'backfill', '--help')).toEqual(await pipelinesOf('backfill'));
  });
});
