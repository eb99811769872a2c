import { FreshetError, isFreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';
import type { EpochWrite, Write } from '../sinks/write.ts';
import type { AnyChange, Pipeline, PipelineContext } from './define-pipeline.ts';

/** Writes carry the epoch of their change; changes of several epochs are transformed epoch by epoch. */
export function transformed(
  pipeline: Pipeline,
  changes: readonly AnyChange[],
  context: PipelineContext,
): EpochWrite[] {
  const writes: EpochWrite[] = [];
  for (const [epoch, group] of Map.groupBy(changes, (change) => change.epoch)) {
    for (const write of transform(pipeline, group, context)) writes.push({ write, epoch });
  }
  return writes;
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
