import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FreshetError } from './runtime/errors.ts';
import { errorMessage } from './runtime/postgres.ts';

/** An entry that is a path: "./pipelines/labels.ts". */
const PATH = /^(?:\.{1,2})?\//;

/** Puts the default export of each module that the list names by path, relative to `folder`, in its place. */
export async function importPipelines(entries: readonly unknown[], folder: string): Promise<unknown[]> {
  return Promise.all(
    entries.map((entry, index) =>
      typeof entry === 'string' && PATH.test(entry)
        ? importDefault(resolve(folder, entry), `pipelines.${index}: `, 'definePipeline({ … })')
        : entry,
    ),
  );
}

/** Throws CONFIG_INVALID with `where` before what went wrong; `shape`: what the file should say. */
export async function importDefault(path: string, where: string, shape: string): Promise<unknown> {
  try {
    const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
    if (module.default === undefined) throw new Error('it has no default export');
    return module.default;
  } catch (error) {
    throw new FreshetError('CONFIG_INVALID', `${where}cannot load ${path}: ${errorMessage(error)}`, {
      cause: error,
      cure: `Let the file say: export default ${shape}`,
    });
  }
}
