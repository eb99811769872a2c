import { describe, expect, it } from 'vitest';
import { ConsumerThread } from '../../../src/cli/threads/consumer-thread.ts';
import { tellingObserver } from '../../../src/cli/threads/told.ts';
import { parseConfig, resolveConfig } from '../../../src/config.ts';

const PLACES = {
  sourceUrl: 'postgres://nobody@127.0.0.1:1/none',
  targetUrl: 'postgres://nobody@127.0.0.1:1/none',
  kafkaBrokers: ['127.0.0.1:1'],
  registryUrl: 'http://127.0.0.1:1',
};

function thread(file: string | null = null): ConsumerThread {
  return new ConsumerThread({ ...resolveConfig(parseConfig({}, 'test', {}), {}, PLACES), file });
}

const unheard = tellingObserver(() => {});
const { signal } = new AbortController();

describe('a consumer thread', () => {
  it('hands its error on with code and cure', async () => {
    await expect(thread().consume('lables', unheard, signal)).rejects.toMatchObject({
      name: 'FreshetError',
      code: 'CONFIG_INVALID',
      message: 'consume: there is no pipeline "lables"',
      cure: 'Choose one of: upsert.',
    });
  });

  it('tells what is wrong with a config file that it imports anew', async () => {
    await expect(thread('/nowhere.ts').consume('labels', unheard, signal)).rejects.toThrow(
      '"/nowhere.ts" does not exist',
    );
  });

  it('stops when it is told to, be it before it has begun', async () => {
    await expect(thread().consume('upsert', unheard, AbortSignal.abort())).resolves.toBeUndefined();
  });
});
