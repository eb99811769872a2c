import { describe, expect, it } from 'vitest';
import { parseConfig, resolveConfig } from '../src/config.ts';

const URLS = {
  sourceUrl: 'postgres://localhost/source',
  targetUrl: 'postgres://localhost/target',
  kafkaBrokers: ['localhost:9092'],
  registryUrl: 'http://localhost:8081',
};

const http = (env: Record<string, string>, section: object = {}): object =>
  resolveConfig(parseConfig({ http: section }, 'test', env), env, URLS).http;

describe('http settings', () => {
  it('are loopback without a token by default', () => {
    expect(http({})).toEqual({ host: '127.0.0.1', port: 9464, token: null });
  });

  it('come from the environment', () => {
    const env = {
      FRESHET_HTTP_HOST: '0.0.0.0',
      FRESHET_HTTP_PORT: '80',
      FRESHET_HTTP_TOKEN: 'sixteen-and-more',
    };
    expect(http(env)).toEqual({ host: '0.0.0.0', port: 80, token: 'sixteen-and-more' });
  });

  it('name the variable that holds the token', () => {
    expect(http({ SECRET: 'sixteen-and-more' }, { token: { env: 'SECRET' } })).toMatchObject({
      token: 'sixteen-and-more',
    });
  });

  it.each([
    [{ FRESHET_HTTP_PORT: 'all' }, 'FRESHET_HTTP_PORT: "all" is no port'],
    [{ FRESHET_HTTP_TOKEN: 'short' }, 'http.token: needs 16 characters or more'],
    [{ FRESHET_HTTP_TOKEN: 'with blanks in its middle' }, 'http.token: needs 16 characters or more'],
  ])('of %j are refused', (env, message) => {
    expect(() => http(env)).toThrow(message);
  });

  it('never tell a refused token', () => {
    expect(() => http({ FRESHET_HTTP_TOKEN: 'hunter2' })).not.toThrow('hunter2');
  });
});
