/** Option of a refresh, "true": rows that the version in force has judged are judged again. */
export const RECLASSIFY = 'reclassify';
/** Option of a refresh: how many rows one statement writes. */
export const BATCH_SIZE = 'batchSize';
