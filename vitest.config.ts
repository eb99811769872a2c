import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** The examples import the package by its name: here that is its source, not what was built last. */
const resolve = {
  alias: {
    'freshet/test-kit': join(import.meta.dirname, 'src/test-kit/test-pipeline.ts'),
    freshet: join(import.meta.dirname, 'src/freshet.ts'),
  },
};

/** Two projects: `unit` needs nothing, `integration` gets real services once a run (test/support/services.ts). */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        resolve,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: ['test/**/*.integration.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        resolve,
        test: {
          name: 'integration',
          include: ['test/**/*.integration.test.ts'],
          globalSetup: ['test/support/services.ts'],
          pool: 'forks',
          testTimeout: 150_000,
          hookTimeout: 150_000,
          // Two cores serve a dozen JVMs and servers by turns: what fails for want of them is told, and tried once more.
          retry: 1,
        },
      },
    ],
  },
});
