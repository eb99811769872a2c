import { constants, gzipSync, zstdCompressSync } from 'node:zlib';

export type Compression = 'none' | 'gzip' | 'zstd';

export interface Codec {
  /** The lowest three bits of a batch's attributes. */
  readonly attribute: number;
  readonly compress: ((records: Uint8Array) => Buffer) | null;
}

/** The fastest level of each: the records are compressed while the next ones wait. */
export const CODECS: Readonly<Record<Compression, Codec>> = {
  none: { attribute: 0, compress: null },
  gzip: { attribute: 1, compress: (records) => gzipSync(records, { level: 1 }) },
  zstd: {
    attribute: 4,
    compress: (records) => zstdCompressSync(records, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  },
};
