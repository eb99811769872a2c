import type { AvroSchema } from '../../../src/topics/codec/table-schemas.ts';
import type { SchemaRegistryPort } from '../../../src/topics/registry.ts';
import { FreshetError } from '../../../src/runtime/errors.ts';

/** The port's contract without a server: ids are given in order, one text is one id. */
export class MemoryRegistry implements SchemaRegistryPort {
  readonly texts: string[] = [];
  readonly subjects = new Map<string, number>();
  /** Subjects that take nothing more. */
  readonly refused = new Set<string>();

  async register(subject: string, schema: AvroSchema): Promise<number> {
    if (this.refused.has(subject)) throw new FreshetError('SCHEMA_REFUSED', `${subject} is refused`);
    const text = JSON.stringify(schema);
    const known = this.texts.indexOf(text);
    const id = known >= 0 ? known + 1 : this.texts.push(text);
    this.subjects.set(subject, id);
    return id;
  }

  async schemaById(id: number): Promise<AvroSchema> {
    const text = this.texts[id - 1];
    if (text === undefined) throw new FreshetError('RECORD_INVALID', `schema ${id} is not registered`);
    return JSON.parse(text) as AvroSchema;
  }
}
