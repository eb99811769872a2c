/** `npm run docs:errors`: prints the table of errors into docs/operations.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { ERRORS } from '../src/runtime/errors.ts';

const FILE = new URL('../docs/operations.md', import.meta.url);
const BEGIN = '<!-- errors: npm run docs:errors -->';
const END = '<!-- /errors -->';

const BECOMES = {
  stop: 'the process stops',
  retry: 'tried again, with growing pauses',
  'dead-letter': 'a dead letter, the others go on',
} as const;

/** The text of docs/operations.md with the table as the code has it. */
export function withErrorTable(text: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`docs/operations.md lacks ${BEGIN} … ${END}`);
  const rows = Object.entries(ERRORS).map(
    ([code, { exit, action, advice }]) => `| ${code} | ${exit} | ${BECOMES[action]} | ${advice} |`,
  );
  const table = ['| code | exit | what becomes of it | what to do |', '|---|---|---|---|', ...rows];
  return `${text.slice(0, begin)}${BEGIN}\n${table.join('\n')}\n${text.slice(end)}`;
}

if (import.meta.main) writeFileSync(FILE, withErrorTable(readFileSync(FILE, 'utf8')));
