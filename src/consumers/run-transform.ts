import { FreshetError, isFreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';
import type { EpochWrites, Write } from '../sinks/write.ts';
import type { AnyChange, Pipeline, PipelineContext, Rejection } from './define-pipeline.ts';

export interface SoundChanges {
  readonly sound: readonly AnyChange[];
  readonly writes: readonly EpochWrites[];
  readonly rejected: readonly Rejection<AnyChange>[];
}

/** Like `transformed`; changes that the transform throws at are found by halving, all of a batch at once. */
export function transformedSound(
  pipeline: Pipeline,
  changes: readonly AnyChange[],
  context: PipelineContext,
): SoundChanges {
  try {
    return { sound: changes, writes: transformed(pipeline, changes, context), rejected: [] };
  } catch (error) {
    if (!isFreshetError(error, 'RECORD_INVALID')) throw error;
    const [change, another] = changes;
    if (change === undefined) throw error;
    if (another === undefined) {
      const { code, message } = error;
      return { sound: [], writes: [], rejected: [{ change, code, message }] };
    }
    const middle = Math.ceil(changes.length / 2);
    const halves = [changes.slice(0, middle), changes.slice(middle)].map((half) =>
      transformedSound(pipeline, half, context),
    );
    return {
      sound: halves.flatMap(({ sound }) => sound),
      writes: halves.flatMap(({ writes }) => writes),
      rejected: halves.flatMap(({ rejected }) => rejected),
    };
  }
}

/** Writes carry the epoch of their change; changes of several epochs are transformed epoch by epoch. */
export function transformed(
  pipeline: Pipeline,
  changes: readonly AnyChange[],
  context: PipelineContext,
): EpochWrites[] {
  const groups = Map.groupBy(changes, (change) => change.epoch);
  return [...groups].map(([epoch, group]) => ({ epoch, writes: transform(pipeline, group, context) }));
}

/** A transform that throws does so because of a row: alone, that row becomes a dead letter. */
function transform(
  pipeline: Pipeline,
  changes: readonly AnyChange[],
  context: PipelineContext,
): readonly Write[] {
  try {
    return pipeline.transform(changes, context);
  } catch (error) {
    if (isFreshetError(error)) throw error;
    throw new FreshetError('RECORD_INVALID', `pipeline "${pipeline.name}": ${errorMessage(error)}`, {
      cause: error,
    });
  }
}
