import { describe, expect, it } from 'vitest';
import { parseConfig, resolveConfig } from '../src/config.ts';
import type { ConfigInput } from '../src/config-schema.ts';

const URLS = {
  sourceUrl: 'postgres://localhost/source',
  targetUrl: 'postgres://localhost/target',
  kafkaBrokers: ['localhost:9092'],
  registryUrl: 'http://localhost:8081',
};

const resolved = (upsert: ConfigInput['upsert']): unknown =>
  resolveConfig(parseConfig({ upsert }, 'test', {}), {}, URLS).itemsTarget;

describe('an items API as the sink', () => {
  it('is asked for by its URL', () => {
    expect(resolved({})).toBeNull();
    expect(resolved({ sink: 'api', api: { url: 'http://host/v1/items:upsert' } })).toMatchObject({
      url: 'http://host/v1/items:upsert',
      token: null,
    });
  });

  it('needs one, and has no daily diff: all of it is told at once', () => {
    expect(() => resolved({ sink: 'api', refreshCron: '0 3 * * *' })).toThrow(
      /upsert\.api\.url[\s\S]*upsert\.refreshCron/,
    );
  });
});
