import type { ParsedConfig } from './config-schema.ts';

export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  /** Null: nobody has to show one, and only this machine can ask. */
  readonly token: string | null;
}

export const HTTP_ENVIRONMENT = {
  FRESHET_HTTP_HOST:
    'where the status page and /metrics listen; default 127.0.0.1, another one needs a token',
  FRESHET_HTTP_PORT: 'their port, default 9464; 0 for any',
  FRESHET_HTTP_TOKEN: 'what callers have to show, 16 characters or more; or FRESHET_HTTP_TOKEN_FILE',
} as const;

const MIN_TOKEN_LENGTH = 16;

type Environment = Readonly<Record<string, string | undefined>>;

/** Host and port as the environment has them, else the file. */
export function httpPlace(
  http: ParsedConfig['http'],
  env: Environment,
  problems: string[],
): ParsedConfig['http'] {
  const { FRESHET_HTTP_HOST: host = http.host, FRESHET_HTTP_PORT: portText } = env;
  if (portText === undefined) return { ...http, host };
  const port = Number(portText);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    problems.push(`FRESHET_HTTP_PORT: "${portText}" is no port: use a whole number from 0 to 65535`);
  return { ...http, host, port };
}

export function httpConfig(
  { host, port }: ParsedConfig['http'],
  token: string | undefined,
  problems: string[],
): HttpConfig {
  if (token !== undefined) checkToken('http.token', token, problems);
  return { host, port, token: token ?? null };
}

export function checkToken(name: string, token: string, problems: string[]): void {
  if (token.length < MIN_TOKEN_LENGTH || /[^\x21-\x7e]/.test(token))
    problems.push(`${name}: needs ${MIN_TOKEN_LENGTH} characters or more, letters, digits and signs`);
}
