import { type Failpoint, installFailpoints } from '../../src/runtime/failpoint.ts';
import { type CaptureTask, captureUntilKilled } from '../support/quiet-capture.ts';

/** What the parent hands over as this process's only argument, JSON. */
export interface Doom extends CaptureTask {
  readonly failpoint: Failpoint;
  /** Which time the failpoint is reached. */
  readonly time: number;
  /** The kill comes this much later; 0: at the failpoint itself. Milliseconds. */
  readonly delayMs: number;
}

const doom = JSON.parse(process.argv[2] ?? '') as Doom;
const die = (): void => void process.kill(process.pid, 'SIGKILL');
let left = doom.time;
installFailpoints((name) => {
  if (name !== doom.failpoint) return;
  left -= 1;
  if (left !== 0) return;
  if (doom.delayMs === 0) die();
  else setTimeout(die, doom.delayMs);
});
// The parent counts the time from here.
await captureUntilKilled(doom, { connected: () => void process.stdout.write('connected\n') });
