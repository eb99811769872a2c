import { describe, expect, it } from 'vitest';
import { parseJavaVersion } from '../../src/embedded/java.ts';

describe('the version that java -version prints', () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_402"', 8],
    ['openjdk version "25" 2025-09-16', 25],
    ['openjdk version "11-ea" 2018-09-25', 11],
  ])('%s is %i', (output, expected) => {
    expect(parseJavaVersion(output)).toBe(expected);
  });

  it('is unknown where there is none', () => {
    expect(parseJavaVersion('command not found')).toBeNull();
  });
});
