/** What the package gives to those who write pipelines of their own; `freshet/test-kit` has the test kit. */
export { type ConfigInput, defineConfig } from './config-schema.ts';
export type { Row, Value } from './change/change.ts';
export {
  type ApplyBatch,
  type ApplyOutcome,
  type ClearBatch,
  definePipeline,
  type Pipeline,
  type PipelineChange,
  type PipelineContext,
  type Rejection,
  sourceTable,
  type SourceTable,
  type UnitRow,
} from './consumers/define-pipeline.ts';
export { targetTable, type TargetTable, type TypedTable } from './sinks/target-table.ts';
export { deleteRow, patchRow, upsertRow, type Write } from './sinks/write.ts';
export type { DeliverDefinition, DeliverySink } from './consumers/deliver.ts';
export type { Delivery, DeliveryListener, DeliveryWait, Refusal } from './sinks/http/delivery.ts';
export { HttpSink, type HttpSinkOptions } from './sinks/http/http-sink.ts';
