import { checkToken } from './config-http.ts';
import type { ParsedConfig, SecretSetting } from './config-schema.ts';

/** The items API's settings, its secrets read. */
export interface ItemsApiConfig extends Omit<ParsedConfig['itemsApi'], 'signingKeys' | 'tokens'> {
  readonly signingKeys: readonly Buffer[];
  readonly tokens: readonly string[];
}

const MIN_KEY_BYTES = 24;
const MAX_KEY_BYTES = 64;

/** `read` gives a secret, or undefined where it has told of a problem. */
export function itemsApiConfig(
  { itemsApi }: ParsedConfig,
  read: (setting: SecretSetting) => string | undefined,
  problems: string[],
): ItemsApiConfig {
  const signingKeys = itemsApi.signingKeys.flatMap((setting, index) => {
    const secret = read(setting);
    if (secret === undefined) return [];
    const key = signingKey(secret);
    if (key !== null) return [key];
    problems.push(
      `itemsApi.signingKeys.${index}: must be "whsec_" and the base64 of ${MIN_KEY_BYTES} to ${MAX_KEY_BYTES} bytes`,
    );
    return [];
  });
  const tokens = itemsApi.tokens.flatMap((setting) => read(setting) ?? []);
  for (const [index, token] of tokens.entries()) checkToken(`itemsApi.tokens.${index}`, token, problems);
  return { ...itemsApi, signingKeys, tokens };
}

/** Where the upsert pipeline sends its items. */
export interface ItemsTarget extends Omit<ParsedConfig['upsert']['api'], 'url' | 'token'> {
  readonly url: string;
  readonly token: string | null;
}

/** Null where they go into the table. */
export function itemsTarget(
  { upsert: { sink, api, refreshCron } }: ParsedConfig,
  read: (setting: SecretSetting) => string | undefined,
  problems: string[],
): ItemsTarget | null {
  if (sink === 'sql') return null;
  const { url, token, ...limits } = api;
  if (url === undefined) problems.push("upsert.api.url is missing: set it, or upsert.sink: 'sql'");
  if (refreshCron !== null)
    problems.push(
      "upsert.refreshCron: the daily diff is about the table items; leave it out, or set upsert.sink: 'sql'",
    );
  const secret = token === undefined ? undefined : read(token);
  return { ...limits, url: url ?? '', token: secret ?? null };
}

/** Null where it is none. */
function signingKey(secret: string): Buffer | null {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  const key = Buffer.from(base64, 'base64');
  return key.length >= MIN_KEY_BYTES && key.length <= MAX_KEY_BYTES ? key : null;
}
