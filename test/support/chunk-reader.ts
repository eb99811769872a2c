import { ChunkReader } from '../../src/snapshot/chunk-reader.ts';
import type { TestDatabase } from './database.ts';

/** Over one connection. */
export function readerOf({ url }: TestDatabase): ChunkReader {
  return new ChunkReader({
    connection: { url },
    connections: 1,
    lockTimeoutMs: 20_000,
    whereTimeoutMs: 20_000,
    cutBytes: 1 << 20,
  });
}
