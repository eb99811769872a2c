import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CaptureConfig } from '../../src/capture/capture-config.ts';
import { services } from '../support/services.ts';
import type { Doom } from './child.ts';

const START_MS = 60_000;
/** A failpoint that is not reached in time is no failure: the process is killed wherever it stands. */
const ROUND_MS = 8_000;
const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));

/** Starts a capture that kills itself at a failpoint; tells whether it was reached in time. */
export async function runDoomed(
  config: CaptureConfig,
  fate: Pick<Doom, 'failpoint' | 'time' | 'delayMs'>,
): Promise<boolean> {
  const { kafkaBrokers, registryUrl } = services();
  const doom: Doom = { config, brokers: kafkaBrokers, registryUrl, ...fate };
  const child = spawn(process.execPath, [CHILD, JSON.stringify(doom)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  let timedOut = false;
  const timeOut = (): void => {
    timedOut = true;
    child.kill('SIGKILL');
  };
  let timer = setTimeout(timeOut, START_MS);
  child.stdout.once('data', () => {
    clearTimeout(timer);
    timer = setTimeout(timeOut, ROUND_MS);
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('exit', (code, signal) => resolve([code, signal])),
  );
  clearTimeout(timer);
  if (signal !== 'SIGKILL') throw new Error(`the capture ended by itself with ${code}: ${said}`);
  return !timedOut;
}
