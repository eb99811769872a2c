import type { ParsedConfig, SecretSetting } from './config-schema.ts';
import type { OpenAiEmbedderOptions } from './consumers/upsert/embeddings/openai-embedder.ts';

/** The embeddings' settings; `endpoint` is null where the local model is asked. */
export interface EmbeddingsConfig extends Omit<ParsedConfig['embeddings'], 'endpoint'> {
  readonly endpoint: OpenAiEmbedderOptions | null;
}

export function embeddingsConfig(
  { embeddings: { endpoint, ...settings } }: ParsedConfig,
  read: (setting: SecretSetting) => string | undefined,
  problems: string[],
): EmbeddingsConfig {
  const { url, model, key, dimensions = null, requestsPerMinute = null, ...limits } = endpoint;
  if (url === undefined) {
    if (model !== undefined)
      problems.push('embeddings.endpoint.url is missing: set it, or leave out the model');
    return { ...settings, endpoint: null };
  }
  if (model === undefined) problems.push('embeddings.endpoint.model is missing: set it');
  // Endpoints of one's own often want no key, but the header has to say something.
  const apiKey = (key === undefined ? undefined : read(key)) ?? 'none';
  return {
    ...settings,
    endpoint: { ...limits, url, apiKey, model: model ?? '', dimensions, requestsPerMinute },
  };
}
