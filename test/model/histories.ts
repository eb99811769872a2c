import fc from 'fast-check';
import { PROFILES, perform, type Step, type StepName, stepOf } from './steps.ts';
import { type HistoryShape, World } from './world.ts';

export interface History {
  readonly shape: HistoryShape;
  readonly profile: number;
  readonly steps: readonly Step[];
}

const word = fc.noBias(fc.nat(65_535));

const shapes: fc.Arbitrary<HistoryShape> = fc.record({
  keys: fc.noBias(fc.integer({ min: 1, max: 6 })),
  tables: fc.noBias(fc.integer({ min: 1, max: 2 })),
  full: fc.boolean(),
  large: fc.constantFrom(false, false, true),
  partitions: fc.constant(2),
  batchRecords: fc.noBias(fc.integer({ min: 1, max: 8 })),
  commitIntervalMs: fc.constantFrom(0, 10, 100),
  chunkRows: fc.noBias(fc.integer({ min: 1, max: 3 })),
  chunksInFlight: fc.noBias(fc.integer({ min: 1, max: 3 })),
  partsPerTable: fc.noBias(fc.integer({ min: 1, max: 3 })),
  windowBytes: fc.constantFrom(400, 1_000_000),
});

/** Random histories; what shrinks is the list of steps. */
export const histories: fc.Arbitrary<History> = fc.record({
  shape: shapes,
  profile: fc.noBias(fc.nat(PROFILES.length - 1)),
  steps: fc.noBias(
    fc.array(fc.tuple(word, word, word, word), { minLength: 10, maxLength: 150, size: 'max' }),
  ),
});

/** Runs a history to its end, and then to rest. Throws the first Violation. */
export async function run({ shape, profile, steps }: History): Promise<World> {
  const world = new World(shape);
  for (const [step, a, b, c] of steps) await perform(world, stepOf(profile, step), a, b, c);
  await world.quiesce();
  return world;
}

/** The steps by name, for a person who reads a counterexample. */
export function describeHistory({ shape, profile, steps }: History): string {
  const lines = steps.map(([step, a, b, c]) => `  ['${stepOf(profile, step)}', ${a}, ${b}, ${c}],`);
  return `${JSON.stringify(shape)}\n[\n${lines.join('\n')}\n]`;
}

export type NamedStep = readonly [name: StepName, a?: number, b?: number, c?: number];

export function worldOf(shape: Partial<HistoryShape>): World {
  return new World({
    keys: 4,
    tables: 1,
    full: false,
    large: false,
    partitions: 2,
    batchRecords: 8,
    commitIntervalMs: 0,
    chunkRows: 2,
    chunksInFlight: 1,
    partsPerTable: 1,
    windowBytes: 1_000_000,
    ...shape,
  });
}

/** A history that is written down. */
export async function runNamed(shape: Partial<HistoryShape>, steps: readonly NamedStep[]): Promise<World> {
  const world = worldOf(shape);
  for (const [name, a = 0, b = 0, c = 0] of steps) await perform(world, name, a, b, c);
  await world.quiesce();
  return world;
}
