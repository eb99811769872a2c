import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toLsn } from '../../src/change/lsn.ts';
import { AppliedThrough } from '../../src/metrics/applied-through.ts';
import { CommitClock } from '../../src/metrics/commit-clock.ts';

const PARTITIONS = 3;

/** A source, its topic and a group, of which everything is known: a step of time is a millisecond and a byte of WAL. */
class Simulation {
  readonly clock = new CommitClock();
  readonly applied = new AppliedThrough(this.clock);
  #now = 1_000;
  /** Commit time and partition of each record, in the order of the WAL. */
  readonly #commits: { readonly ms: number; readonly partition: number }[] = [];
  #published = 0;
  #passed = 1_000;
  readonly #done = Array.from({ length: PARTITIONS }, () => 0);

  commit(partition: number): void {
    this.#now += 1;
    this.#commits.push({ ms: this.#now, partition });
  }

  read(): void {
    this.#now += 1;
    this.clock.note(this.#now, toLsn(BigInt(this.#now)));
  }

  /** The capture commits up to `share` of what it has not published. */
  publish(share: number): void {
    const left = this.#commits.length - this.#published;
    this.#published += Math.ceil(left * share);
    const last = this.#commits[this.#published - 1];
    const isAll = this.#published === this.#commits.length;
    this.#passed = Math.max(this.#passed, isAll ? this.#now : (last?.ms ?? 0));
    this.applied.published({
      ends: Array.from({ length: PARTITIONS }, (_, partition) => this.#endOf(partition)),
      passed: toLsn(BigInt(this.#passed)),
      throughMs: last?.ms ?? 0,
    });
  }

  /** Rows are missing in the topic from now on, until the next `publish`. */
  interrupt(): void {
    this.applied.published(null);
  }

  /** The group applies up to `share` of what is published of a partition. */
  apply(partition: number, share: number): void {
    const published = this.#of(partition, this.#published);
    const done = this.#done[partition] ?? 0;
    this.#done[partition] = done + Math.ceil((published - done) * share);
    this.look();
  }

  look(): void {
    this.applied.applied((partition) => textOf(this.#done[partition] ?? 0));
  }

  /** The commit time of the first record that is not applied, or now. */
  get truthMs(): number {
    const seen = Array.from({ length: PARTITIONS }, () => 0);
    for (const { ms, partition } of this.#commits) {
      const count = (seen[partition] ?? 0) + 1;
      seen[partition] = count;
      if (count > (this.#done[partition] ?? 0)) return ms;
    }
    return this.#now;
  }

  #of(partition: number, count: number): number {
    return this.#commits.slice(0, count).filter((commit) => commit.partition === partition).length;
  }

  #endOf(partition: number): string {
    return textOf(this.#of(partition, this.#published));
  }
}

function textOf(count: number): string {
  return count === 0 ? '' : String(count).padStart(6, '0');
}

const partition = fc.nat({ max: PARTITIONS - 1 });
const share = fc.constantFrom(0, 0.3, 1);
const step = fc.oneof(
  partition.map((p) => (s: Simulation) => s.commit(p)),
  fc.constant((s: Simulation) => s.read()),
  share.map((part) => (s: Simulation) => s.publish(part)),
  fc.tuple(partition, share).map(
    ([p, part]) =>
      (s: Simulation) =>
        s.apply(p, part),
  ),
  fc.constant((s: Simulation) => s.interrupt()),
);

describe('applied through', () => {
  it('never claims more than is applied, whatever is published, read and applied in whatever order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const simulation = new Simulation();
        for (const each of steps) {
          each(simulation);
          const claimed = simulation.applied.throughMs ?? 0;
          expect(claimed).toBeLessThanOrEqual(simulation.truthMs);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('reaches the time of the last reading once all is applied, also where nobody commits any more', () => {
    const simulation = new Simulation();
    for (let i = 0; i < 30; i++) simulation.commit(i % PARTITIONS);
    simulation.read();
    simulation.publish(1);
    for (let p = 0; p < PARTITIONS; p++) simulation.apply(p, 1);
    expect(simulation.applied.isCaughtUp).toBe(true);
    const before = simulation.applied.throughMs ?? 0;
    simulation.read();
    simulation.publish(1);
    simulation.look();
    expect(simulation.applied.throughMs).toBe(simulation.truthMs);
    expect(simulation.applied.throughMs).toBeGreaterThan(before);
  });

  it('tells how far a group is that is always behind', () => {
    const simulation = new Simulation();
    for (let round = 0; round < 2_000; round++) {
      simulation.commit(round % PARTITIONS);
      simulation.publish(1);
      if (round % 2 === 0) simulation.apply(round % PARTITIONS, 0.3);
    }
    expect(simulation.applied.isCaughtUp).toBe(false);
    expect(simulation.applied.throughMs).not.toBeNull();
  });

  it('stays where it is while rows are missing in the topic', () => {
    const simulation = new Simulation();
    simulation.commit(0);
    simulation.read();
    simulation.publish(1);
    simulation.apply(0, 1);
    const before = simulation.applied.throughMs;
    simulation.interrupt();
    simulation.read();
    simulation.look();
    expect(simulation.applied.throughMs).toBe(before);
  });

  it('is unknown before anything was published whole', () => {
    const simulation = new Simulation();
    simulation.interrupt();
    simulation.read();
    simulation.look();
    expect(simulation.applied.throughMs).toBeNull();
  });
});
