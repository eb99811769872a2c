/** The record's position, the text of `encodePosition`. On every record that Freshet publishes. */
export const POSITION_HEADER = 'freshet.pos';

/** The refresh that a record belongs to: JSON `{"id", "group", "options"}`. Absent on streamed changes. */
export const REFRESH_HEADER = 'freshet.refresh';

/** Marks a sweep record (no key, no value): its epoch, decimal. */
export const SWEEP_HEADER = 'freshet.sweep';

/**
 * JSON array of the names of columns whose value in `after` (in `before` for a delete) the WAL did not
 * hold. Absent where there are none; the one marker that every type has, see docs/types.md.
 */
export const UNAVAILABLE_HEADER = 'freshet.unavailable';

/**
 * JSON object, column name → the dimensions of an array value of more than one dimension in `after`
 * (in `before` for a delete), whose items are flat, in row-major order, on the wire. Absent where there
 * are none.
 */
export const DIMENSIONS_HEADER = 'freshet.dims';
