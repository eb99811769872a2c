import { InvalidArgumentError } from 'commander';
import { z } from 'zod';

/** For `.option('--rows <n>', …, wholeNumber)`. */
export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`"${text}" is no whole number.`);
  return Number(text);
}

/** As `wholeNumber`, within bounds that are told. */
export function wholeNumberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = wholeNumber(text);
    if (value < least || value > most)
      throw new InvalidArgumentError(`"${text}" is not between ${least} and ${most}.`);
    return value;
  };
}

/** For `--keys`: `1,2,3`, or JSON where keys hold commas or have several columns: `[["a","b"],["c","d"]]`. */
export function keyList(text: string): string[][] {
  const keys = text.trimStart().startsWith('[') ? jsonKeys(text) : text.split(',').map((key) => [key]);
  if (keys.length === 0 || keys.some((key) => key.length === 0 || key.includes('')))
    throw new InvalidArgumentError('a key is empty.');
  return keys;
}

function jsonKeys(text: string): string[][] {
  const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
  const form = z.array(z.union([scalar.transform((key) => [key]), z.array(scalar)]));
  try {
    return form.parse(JSON.parse(text));
  } catch {
    throw new InvalidArgumentError('JSON keys are an array of values, or of arrays of values.');
  }
}
