import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const NODE = [
  '--conditions=freshet-source',
  '--disable-warning=TimeoutNegativeWarning',
  join(import.meta.dirname, '../../src/main.ts'),
];

export interface EndedCommand {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunningCommand {
  /** What it has told so far. */
  readonly told: () => string;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<EndedCommand>;
}

/** `freshet …` in a process of its own, as it is typed in the folder. */
export function startCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): RunningCommand {
  const child = spawn(process.execPath, [...NODE, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (stderr += piece));
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const ended = Promise.all([text(child.stdout), closed]).then(([stdout, [code, signal]]) => ({
    code,
    signal,
    stdout,
    stderr,
  }));
  return { told: () => stderr, kill: (signal) => void child.kill(signal), ended };
}
