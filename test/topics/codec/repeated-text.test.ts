import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RepeatedText } from '../../../src/topics/codec/repeated-text.ts';

const words = ['', 'EUR', 'USD', 'Größe', '🍋', 'a'.repeat(32), 'b'.repeat(33)];
const text = fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 40 }));

describe('repeated texts', () => {
  it('are what a decoder without memory gives, whatever came before', () => {
    const law = fc.property(fc.array(text, { maxLength: 200 }), fc.nat({ max: 5 }), (texts, margin) => {
      const reader = new RepeatedText();
      for (const each of texts) {
        const bytes = Buffer.from(`${'<'.repeat(margin)}${each}>`);
        const end = bytes.length - 1;
        expect(reader.read(bytes, margin, end)).toBe(bytes.toString('utf8', margin, end));
      }
    });
    fc.assert(law, { numRuns: 300 });
  });

  it('do not hold on to the buffer that they came in', () => {
    const reader = new RepeatedText();
    const bytes = Buffer.from('EUR');
    reader.read(bytes, 0, 3);
    bytes.write('USD');
    expect(reader.read(Buffer.from('EUR'), 0, 3)).toBe('EUR');
    expect(reader.read(bytes, 0, 3)).toBe('USD');
  });

  it('stay right where nearly all are new, and the column is no longer looked up', () => {
    const reader = new RepeatedText();
    for (let i = 0; i < 5_000; i++) {
      const bytes = Buffer.from(i % 100 === 0 ? 'again' : `new ${i}`);
      expect(reader.read(bytes, 0, bytes.length)).toBe(bytes.toString());
    }
  });
});
