import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

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

const FOREIGN: ReadonlyMap<number, string> = new Map([
  [2, 'snappy'],
  [3, 'lz4'],
]);

/** Throws RangeError on a codec that Freshet does not read. */
export function decompress(attribute: number, records: Buffer): Buffer {
  switch (attribute) {
    case CODECS.none.attribute:
      return records;
    case CODECS.gzip.attribute:
      return gunzipSync(records);
    case CODECS.zstd.attribute:
      return zstdDecompressSync(records);
    default:
      throw new RangeError(
        `records are compressed with ${FOREIGN.get(attribute) ?? `codec ${attribute}`}: set compression.type of their producer or topic to none, gzip or zstd`,
      );
  }
}
