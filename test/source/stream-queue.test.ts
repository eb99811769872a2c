import { describe, expect, it } from 'vitest';
import { toLsn } from '../../src/change/lsn.ts';
import { type StreamItem, StreamQueue } from '../../src/source/stream-queue.ts';

const message = (bytes: number): StreamItem => ({ kind: 'message', payload: Buffer.alloc(bytes) });

describe('the queue of what the server sent', () => {
  it('gives everything back in its order, keepalives too', () => {
    const queue = new StreamQueue();
    const items: StreamItem[] = [message(3), { kind: 'keepalive', walEnd: toLsn(9n) }, message(4)];
    for (const item of items) queue.push(item);
    expect([queue.take(), queue.take(), queue.take(), queue.take()]).toEqual([...items, undefined]);
  });

  it('counts the bytes of the messages that it holds', () => {
    const queue = new StreamQueue();
    queue.push(message(3));
    queue.push({ kind: 'keepalive', walEnd: toLsn(9n) });
    queue.push(message(4));
    expect(queue.bytes).toBe(7);
    queue.take();
    expect([queue.bytes, queue.isEmpty]).toEqual([4, false]);
    queue.take();
    queue.take();
    expect([queue.bytes, queue.isEmpty]).toEqual([0, true]);
  });

  it('keeps its order while it is filled and emptied for long', () => {
    const queue = new StreamQueue();
    const taken: (StreamItem | undefined)[] = [];
    const items = Array.from({ length: 20_000 }, (_, i): StreamItem => ({
      kind: 'keepalive',
      walEnd: toLsn(BigInt(i)),
    }));
    for (const [i, item] of items.entries()) {
      queue.push(item);
      if (i % 3 > 0) taken.push(queue.take());
    }
    while (!queue.isEmpty) taken.push(queue.take());
    expect(taken).toEqual(items);
  });
});
