/** Done, but for what became dead letters or was refused. */
export const PARTIAL = 5;

/** 128 + SIGINT: stopped by hand before it was done. */
export const INTERRUPTED = 130;
