import { FreshetError } from '../runtime/errors.ts';
import { INTERRUPTED } from './exit-codes.ts';
import type { Log } from '../metrics/capture-metrics.ts';

/** Where a command speaks: results on stdout, everything else on stderr. */
export interface Terminal {
  readonly json: boolean;
  readonly interactive: boolean;
  readonly color: boolean;
  out(text: string): void;
  note(text: string): void;
}

export function openTerminal(env: Readonly<Record<string, string | undefined>>, json: boolean): Terminal {
  const interactive = process.stderr.isTTY && !json;
  return {
    json,
    interactive,
    color: interactive && (env.NO_COLOR ?? '') === '',
    out: (text) => process.stdout.write(`${text}\n`),
    // A progress line that stands there is drawn again below.
    note: (text) => process.stderr.write(`${interactive ? '\r\u001B[K' : ''}${text}\n`),
  };
}

/** One line a message; one JSON object a line for machines. */
export function createLog(terminal: Terminal, quiet: boolean): Log {
  return (level, message) => {
    if (quiet && level === 'info') return;
    const time = new Date().toISOString();
    if (terminal.json) terminal.note(JSON.stringify({ time, level, message }));
    else terminal.note(`${time.slice(11, 19)} ${level.padEnd(5)} ${message}`);
  };
}

/** What went wrong and what to do, for people or machines; gives the exit code. */
export function reportError(terminal: Terminal, error: unknown): number {
  // Only Ctrl-C and SIGTERM abort a command as a whole.
  if (error instanceof Error && error.name === 'AbortError') {
    const body = { code: 'INTERRUPTED', message: 'interrupted' };
    terminal.note(terminal.json ? JSON.stringify({ error: body }) : body.message);
    return INTERRUPTED;
  }
  const known = error instanceof FreshetError;
  const message = error instanceof Error ? error.message : String(error);
  if (terminal.json) {
    const body = known ? { code: error.code, message, cure: error.cure } : { code: 'INTERNAL', message };
    terminal.note(JSON.stringify({ error: body }));
  } else if (known) {
    terminal.note(`error: ${message}\ncure:  ${error.cure}`);
  } else {
    terminal.note(`error: ${error instanceof Error ? (error.stack ?? message) : message}`);
  }
  return known ? error.exitCode : 1;
}
