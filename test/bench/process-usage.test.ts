import { fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { UsageMeter } from '../../bench/process-usage.ts';

const BURN_MS = 300;
const SPIN = `
  const used = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
  process.on('message', () => { const end = used() + ${BURN_MS}; while (used() < end); process.send('done'); });
  process.send('up');
`;

describe.skipIf(process.platform !== 'linux')('the usage meter', () => {
  it('tells the CPU time that a process used between start and stop', async () => {
    const child = fork('-e', [SPIN], { execArgv: [] });
    try {
      await once(child, 'message');
      const meter = UsageMeter.start([{ role: 'pipeline', pid: child.pid ?? 0 }]);
      child.send('burn');
      await once(child, 'message');
      const { cpuSeconds, peakRssBytes } = meter.stop();
      // Two ticks of a hundredth of a second either way, and what sending a message takes.
      expect(cpuSeconds.pipeline).toBeGreaterThanOrEqual(BURN_MS / 1000 - 0.02);
      expect(cpuSeconds.pipeline).toBeLessThan(BURN_MS / 1000 + 0.2);
      expect(peakRssBytes.pipeline).toBeGreaterThan(10_000_000);
    } finally {
      child.kill();
    }
  });
});
