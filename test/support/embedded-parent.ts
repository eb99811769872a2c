/** A process that starts the embedded services in its first argument, reports them and waits to be killed. */
import { startServices } from '../../src/embedded/services.ts';
import { cacheDir } from './services-environment.ts';

const running = await startServices({ dataDir: process.argv[2] ?? '', ...cacheDir(process.env) });
process.send?.(running.pids);
setInterval(() => undefined, 60_000);
