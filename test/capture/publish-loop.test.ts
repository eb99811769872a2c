import { describe, expect, it } from 'vitest';
import { worldOf } from '../model/histories.ts';
import { perform } from '../model/steps.ts';
import { settled, type World } from '../model/world.ts';

const INTERVAL_MS = 100;

/** A capture whose first refresh is over, after a quiet time. Few are five messages at most. */
async function quietCapture(): Promise<World> {
  const world = worldOf({ keys: 8, batchRecords: 50, commitIntervalMs: INTERVAL_MS });
  for (const name of ['createSlot', 'start', 'read', 'read', 'read'] as const)
    await perform(world, name, 1, 0, 0);
  await broker(world);
  expect(world.session?.isRefreshed).toBe(true);
  await pass(world, 1_000);
  return world;
}

/** Rows of one transaction, each its own key. */
async function write(world: World, ...keys: readonly number[]): Promise<void> {
  for (const key of keys) await perform(world, 'write', 0, key << 4, 0);
  for (const name of ['commit', 'show'] as const) await perform(world, name, 0, 0, 0);
}

async function send(world: World, messages: number): Promise<void> {
  world.slot.send(messages);
  await settled();
}

async function insert(world: World, ...keys: readonly number[]): Promise<void> {
  await write(world, ...keys);
  await send(world, 100);
}

/** The broker does everything that it was asked for: how many answers that were. */
async function broker(world: World): Promise<number> {
  let answers = 0;
  for (; await world.kafka.commitNext(); answers++) await settled();
  return answers;
}

async function pass(world: World, ms: number): Promise<void> {
  world.clock.pass(ms);
  await settled();
}

function published({ kafka }: World): number {
  return [...kafka.logs.values()].flat().filter(({ change }) => change?.op === 'c').length;
}

describe('publishing a few changes', () => {
  it('goes at once after a quiet time', async () => {
    const world = await quietCapture();
    await insert(world, 0);
    await broker(world);
    expect(published(world)).toBe(1);
  });

  it('waits for the interval behind another few, and takes along what comes meanwhile', async () => {
    const world = await quietCapture();
    await insert(world, 0);
    await broker(world);
    await insert(world, 1);
    await pass(world, INTERVAL_MS - 1);
    await insert(world, 2);
    expect(await broker(world)).toBe(0);
    await pass(world, 1);
    // The transaction is opened, and committed.
    expect(await broker(world)).toBe(2);
    expect(published(world)).toBe(3);
  });

  it('waits for the interval also when it has come before the last ones were committed', async () => {
    const world = await quietCapture();
    await insert(world, 0);
    await insert(world, 1);
    await broker(world);
    expect(published(world)).toBe(1);
    await pass(world, INTERVAL_MS);
    await broker(world);
    expect(published(world)).toBe(2);
  });

  it.each<{ name: string; act: (world: World) => unknown }>([
    { name: 'a transaction of many rows', act: (world) => insert(world, 2, 3, 4, 5) },
    { name: 'a request', act: (world) => world.requestRefresh(0, 'keys', 0) },
    { name: 'a stop', act: (world) => world.session?.stop() },
  ])('is kept by the interval no longer than until $name comes', async ({ act }) => {
    const world = await quietCapture();
    await insert(world, 0);
    await broker(world);
    await insert(world, 1);
    expect(await broker(world)).toBe(0);
    await act(world);
    await settled();
    await broker(world);
    expect(published(world)).toBeGreaterThan(1);
  });

  it.each<{ name: string; act: (world: World) => unknown }>([
    { name: 'a request', act: (world) => world.requestRefresh(0, 'keys', 0) },
    { name: 'a stop', act: (world) => world.session?.stop() },
  ])('does not wait when $name has come before', async ({ act }) => {
    const world = await quietCapture();
    await insert(world, 0);
    await insert(world, 1);
    await act(world);
    await settled();
    await broker(world);
    expect(published(world)).toBe(2);
  });

  it('is kept by the interval no longer than until a chunk is read', async () => {
    const world = await quietCapture();
    world.requestKey(0, 0);
    await settled();
    await insert(world, 0);
    await broker(world);
    await insert(world, 1);
    expect(await broker(world)).toBe(0);
    for (let n = 0; n < 3; n++) await perform(world, 'read', 0, 0, 0);
    await broker(world);
    expect(published(world)).toBe(2);
  });

  it('does not wait while a chunk waits for the stream', async () => {
    const world = await quietCapture();
    world.requestKey(0, 0);
    await settled();
    await write(world, 0);
    await write(world, 1);
    for (const name of ['read', 'read', 'wal', 'read'] as const) await perform(world, name, 0, 0, 0);
    // Begin, the table's shape, the row, the commit.
    await send(world, 4);
    await send(world, 3);
    await broker(world);
    expect(published(world)).toBe(2);
  });
});
