import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeHistory, histories, run, runNamed, worldOf } from './histories.ts';
import { HOT_KEY, NAMED_HISTORIES } from './named-histories.ts';
import { perform } from './steps.ts';

/** `npm run test:soak` sets SOAK; SOAK_HISTORIES bounds it where time is short. */
const RUNS = process.env['SOAK'] === '1' ? Number(process.env['SOAK_HISTORIES'] ?? 100_000) : 1_000;
const TIMEOUT_MS = RUNS * 120;

describe('a capture in a random history of source, broker and crashes', () => {
  it(
    'loses nothing, shows nothing old after something new, and comes to an end',
    { timeout: TIMEOUT_MS },
    async () => {
      const property = fc.asyncProperty(histories, async (history) => {
        await run(history);
      });
      await expect(fc.assert(property, { numRuns: RUNS, reporter })).resolves.toBeUndefined();
    },
  );
});

describe('a capture', () => {
  it.each(NAMED_HISTORIES)('$name', async ({ shape = {}, steps }) => {
    await expect(runNamed(shape, steps)).resolves.toBeDefined();
  });

  it('brings an owed row though it changes in every window', async () => {
    const world = worldOf({ chunkRows: 4 });
    for (const [name, a = 0, b = 0, c = 0] of HOT_KEY) await perform(world, name, a, b, c);
    expect(world.session?.owed.size).toBe(0);
    await world.quiesce();
  });

  it('publishes a key that a refresh asks for and that is gone as a delete', async () => {
    const world = await runNamed({}, [['createSlot'], ['start', 1], ['refreshKey', 0, 3]]);
    const deletes = [...world.kafka.logs.values()]
      .flat()
      .flatMap(({ change }) => (change?.op === 'd' ? [change] : []));
    expect(deletes).toMatchObject([{ key: { id: 3 }, source: { snapshot: true, txId: null } }]);
  });

  it('reads a chunk again whose table changed its shape meanwhile', async () => {
    const world = await runNamed({}, [
      ['write', 0, 0 << 4],
      ['commit'],
      ['show'],
      ['createSlot'],
      ['start', 1],
      ['read'],
      ['read'],
      // Behind what has passed: the chunk has to wait.
      ['wal'],
      ['read'],
      ['addColumn', 0, 0],
      ['write', 0, 1 << 4],
      ['commit'],
      ['show'],
    ]);
    const reads = [...world.kafka.logs.values()]
      .flat()
      .flatMap(({ change }) => (change?.op === 'r' ? [change] : []));
    expect(reads.map(({ after }) => Object.keys(after))).toEqual([
      ['id', 'a', 't', 'b'],
      ['id', 'a', 't', 'b'],
    ]);
  });
});

function reporter(out: fc.RunDetails<[Parameters<typeof run>[0]]>): void {
  if (!out.failed) return;
  const history = out.counterexample === null ? '' : describeHistory(out.counterexample[0]);
  throw new Error(
    `seed ${out.seed}, path ${out.counterexamplePath}, after ${out.numRuns} runs:\n${history}`,
    { cause: out.errorInstance },
  );
}
