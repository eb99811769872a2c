import type { ParsedConfig } from './config-schema.ts';

/** An OpenAI-compatible endpoint, its places known and its key read. */
export interface ScorerEndpoint {
  readonly url: string;
  readonly apiKey: string;
  readonly model: string;
}

export const SCORER_ENVIRONMENT = {
  FRESHET_SCORER_URL:
    'OpenAI-compatible API that scores leads, as https://host/v1; without it the local scorer does',
  FRESHET_SCORER_KEY: 'its key; or FRESHET_SCORER_KEY_FILE',
  FRESHET_SCORER_MODEL: 'its model',
} as const;

/** Null where no endpoint is configured: then the local scorer scores. */
export function scorerEndpoint(
  { score: { endpoint } }: ParsedConfig,
  env: Readonly<Record<string, string | undefined>>,
  apiKey: string | undefined,
  problems: string[],
): ScorerEndpoint | null {
  const url = endpoint.url ?? env['FRESHET_SCORER_URL'];
  if (url === undefined) return null;
  const model = endpoint.model ?? env['FRESHET_SCORER_MODEL'];
  if (!/^https?:\/\/[^/]/.test(url)) problems.push('FRESHET_SCORER_URL: is not of the form https://host/v1');
  if (model === undefined) problems.push('score.endpoint.model is missing: set it, or FRESHET_SCORER_MODEL');
  // Endpoints of one's own often want no key, but the header has to say something.
  return { url, model: model ?? '', apiKey: apiKey ?? 'none' };
}
