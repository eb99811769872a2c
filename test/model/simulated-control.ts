import type { RequestSource } from '../../src/capture/request-handler.ts';
import type { TableId } from '../../src/change/table.ts';
import type { KeyTexts } from '../../src/snapshot/key-walk.ts';
import type { ControlRequest } from '../../src/topics/control-topic.ts';
import type { TailPiece } from '../../src/topics/topic-tail.ts';

export const SLOT = 's';

/** The control topic: whatever is written stays, and every session reads it from where its checkpoint says. */
export class SimulatedControl {
  readonly requests: ControlRequest[] = [];
  #waiting: (() => void)[] = [];

  send(request: ControlRequest): void {
    this.requests.push(request);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async fetch(from: bigint): Promise<TailPiece> {
    if (from >= BigInt(this.requests.length)) await new Promise<void>((wake) => this.#waiting.push(wake));
    const records = this.requests.slice(Number(from)).map((request, i) => {
      const value = { version: 1, slot: SLOT, at: '2026-01-01T00:00:00Z', request };
      return {
        offset: from + BigInt(i),
        timestampMs: 0,
        key: Buffer.from(SLOT),
        value: Buffer.from(JSON.stringify(value)),
      };
    });
    return { records, nextOffset: BigInt(this.requests.length), atEnd: true };
  }

  /** The session that waited is gone. */
  abandon(): void {
    this.#waiting = [];
  }
}

/** Every condition is understood, every key is written as rows have it. */
export const AGREEABLE_SOURCE: RequestSource = {
  estimate: async () => 1,
  normalise: async (_table: TableId, keys: readonly KeyTexts[]) => [...keys],
};
