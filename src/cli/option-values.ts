import { InvalidArgumentError } from 'commander';

/** For `.option('--rows <n>', …, wholeNumber)`. */
export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`"${text}" is no whole number.`);
  return Number(text);
}
