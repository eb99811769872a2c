/**
 * Runs the named histories, then random ones, until a law breaks or the runs are done, and prints one
 * line of JSON: `node test/model/campaign.ts <runs> [seed] [show]`. `show` shrinks and prints the history.
 */
import fc from 'fast-check';
import { describeHistory, histories, run, runNamed } from './histories.ts';
import { Violation } from './laws.ts';
import { NAMED_HISTORIES } from './named-histories.ts';

const [, , runs = '1000', seed = '1', mode = 'quiet'] = process.argv;
const startedAt = performance.now();

function lawOf(error: unknown): string {
  if (error instanceof Violation) return error.law;
  return `error: ${error instanceof Error ? error.message : typeof error}`;
}

function report(law: string | null, after: string | number): void {
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  process.stdout.write(`${JSON.stringify({ law, after, seconds })}\n`);
}

/** False where a law broke. */
async function runAllNamed(): Promise<boolean> {
  for (const [index, { name, shape = {}, steps }] of NAMED_HISTORIES.entries()) {
    try {
      await runNamed(shape, steps);
    } catch (error) {
      if (mode === 'show') process.stdout.write(`${name}: ${String(error)}\n`);
      report(lawOf(error), `named ${index + 1}`);
      return false;
    }
  }
  return true;
}

/** False where a law broke. */
async function runRandom(): Promise<boolean> {
  const property = fc.asyncProperty(histories, async (history) => {
    await run(history);
  });
  const endOnFailure = mode === 'quiet';
  const result = await fc.check(property, { numRuns: Number(runs), seed: Number(seed), endOnFailure });
  if (!result.failed) return true;
  report(lawOf(result.errorInstance), result.numRuns);
  if (mode !== 'show' || result.counterexample === null) return false;
  process.stdout.write(`${String(result.errorInstance)}\n${describeHistory(result.counterexample[0])}\n`);
  return false;
}

if ((await runAllNamed()) && (await runRandom())) report(null, runs);
