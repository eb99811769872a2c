import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textOf } from '../../src/change/tuple.ts';
import { CopyBinaryParser } from '../../src/snapshot/copy-binary.ts';

function copyOf(rows: readonly (readonly (string | null)[])[]): Buffer {
  const header = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
  const parts = rows.flatMap((row) => {
    const count = Buffer.alloc(2);
    count.writeInt16BE(row.length);
    return [count, ...row.flatMap(fieldOf)];
  });
  return Buffer.concat([header, ...parts, Buffer.from([0xff, 0xff])]);
}

function fieldOf(value: string | null): Buffer[] {
  const bytes = Buffer.from(value ?? '');
  const length = Buffer.alloc(4);
  length.writeInt32BE(value === null ? -1 : bytes.length);
  return [length, bytes];
}

const row = fc.array(fc.option(fc.string({ unit: 'grapheme' })), { minLength: 1, maxLength: 5 });

describe('the COPY parser', () => {
  it('gives the same rows however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
        (rows, cuts) => {
          const parser = new CopyBinaryParser();
          const bytes = copyOf(rows);
          const seen: (string | null)[][] = [];
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const piece = bytes.subarray(at, at + (cuts[i % cuts.length] ?? 1));
            at += piece.length;
            for (const tuple of parser.feed(piece)) {
              seen.push(Array.from({ length: tuple.spans.length / 2 }, (_, column) => textOf(tuple, column)));
            }
          }
          parser.finish();
          expect(seen).toEqual(rows);
        },
      ),
    );
  });

  it('notices a stream that ends too early', () => {
    const parser = new CopyBinaryParser();
    const bytes = copyOf([['a']]);
    for (const _ of parser.feed(bytes.subarray(0, bytes.length - 2)));
    expect(() => parser.finish()).toThrow('ended without its trailer');
  });
});
