import type { TableId } from '../../change/table.ts';
import { type AvroCursor, MalformedAvro } from './avro-cursor.ts';
import type { AvroField, AvroNode } from './avro-types.ts';
import { type MutableRow, RowReader } from './row-reader.ts';
import { type ValueReader, valueReader, type ValueSkipper, valueSkipper } from './value-readers.ts';

/** Which columns of a table to decode; null is all of them. */
export type ColumnChoice = (table: TableId) => ReadonlySet<string> | null;

/** An envelope as it is on the wire, Freshet's or Debezium's. */
export interface Envelope {
  op: string;
  before: MutableRow | null;
  after: MutableRow | null;
  schema: string;
  table: string;
  txId: number | null;
  tsUs: bigint;
  snapshot: boolean;
  /** Only on request: `source.sequence` and `source.lsn`. */
  sequence: string | null;
  lsn: bigint | null;
}

type Step = (cursor: AvroCursor, into: Envelope, withLsn: boolean) => void;

/** Reads the values of one schema. */
export class EnvelopeReader {
  readonly #fields: readonly AvroField[];
  readonly #choice: ColumnChoice | null;
  #steps: readonly Step[];
  /** The table that `#steps` chose its columns for. */
  #chosenFor: TableId | null = null;

  /** Throws RangeError where the schema is no Debezium envelope. */
  constructor(node: AvroNode, choice: ColumnChoice | null) {
    const fields = node.kind === 'record' ? node.fields : [];
    for (const name of ['before', 'after', 'source', 'op']) {
      if (!fields.some((field) => field.name === name)) {
        throw new RangeError(`the value's schema is no Debezium envelope: it has no field "${name}"`);
      }
    }
    this.#fields = fields;
    this.#choice = choice;
    this.#steps = envelopeSteps(fields, null);
  }

  /** The envelope begins at the value's byte `at`. It is read again where a table is new. */
  read(cursor: AvroCursor, value: Buffer, at: number, withLsn: boolean): Envelope {
    cursor.open(value, at);
    const envelope = this.#read(cursor, withLsn);
    if (this.#choice === null) return envelope;
    const { schema, table: name } = envelope;
    if (this.#chosenFor?.schema === schema && this.#chosenFor.name === name) return envelope;
    this.#chosenFor = { schema, name };
    this.#steps = envelopeSteps(this.#fields, this.#choice(this.#chosenFor));
    cursor.open(value, at);
    return this.#read(cursor, withLsn);
  }

  #read(cursor: AvroCursor, withLsn: boolean): Envelope {
    const envelope: Envelope = {
      op: '',
      before: null,
      after: null,
      schema: '',
      table: '',
      txId: null,
      tsUs: 0n,
      snapshot: false,
      sequence: null,
      lsn: null,
    };
    for (const step of this.#steps) step(cursor, envelope, withLsn);
    if (cursor.remaining > 0)
      throw new MalformedAvro(`${cursor.remaining} bytes are left behind the envelope`);
    return envelope;
  }
}

function envelopeSteps(fields: readonly AvroField[], wanted: ReadonlySet<string> | null): Step[] {
  return fields.map(({ name, node }) => {
    switch (name) {
      case 'before':
      case 'after': {
        const read = optionalRow(node, wanted);
        return (cursor, into) => {
          into[name] = read(cursor);
        };
      }
      case 'source':
        return sourceStep(node);
      case 'op':
        return opStep(valueReader(node, null));
      default:
        return valueSkipper(node);
    }
  });
}

function optionalRow(
  node: AvroNode,
  wanted: ReadonlySet<string> | null,
): (cursor: AvroCursor) => MutableRow | null {
  const branches = node.kind === 'union' ? node.branches : [node];
  const readers = branches.map((branch) => (branch.kind === 'record' ? new RowReader(branch, wanted) : null));
  if (node.kind !== 'union') return (cursor) => readers[0]?.read(cursor) ?? null;
  return (cursor) => {
    const reader = readers[cursor.int()];
    if (reader === undefined) throw new MalformedAvro('a union branch that the schema does not have');
    return reader === null ? null : reader.read(cursor);
  };
}

function opStep(read: ValueReader): Step {
  return (cursor, into) => {
    into.op = String(read(cursor));
  };
}

function sourceStep(node: AvroNode): Step {
  if (node.kind !== 'record') throw new RangeError('the envelope\'s field "source" is no record');
  const isFine = node.fields.some((field) => field.name === 'ts_us');
  const fields = node.fields.map((field) =>
    isFine && field.name === 'ts_ms' ? { ...field, name: 'unused' } : field,
  );
  const steps = fields.map(sourceFieldStep);
  return (cursor, into, withLsn) => {
    for (const step of steps) step(cursor, into, withLsn);
  };
}

function sourceFieldStep({ name, node }: AvroField): Step {
  const read = valueReader(node, null);
  const skip = valueSkipper(node);
  switch (name) {
    case 'schema':
    case 'table':
      return nameStep(name, node, read);
    case 'ts_ms':
      return longStep(node, (value, into) => {
        into.tsUs = BigInt(value) * 1000n;
      });
    case 'ts_us': {
      // The records of a transaction, or of a chunk of a snapshot, have the same one.
      let [known, knownUs] = [0 as number | bigint, 0n];
      return longStep(node, (value, into) => {
        if (value !== known) [known, knownUs] = [value, BigInt(value)];
        into.tsUs = knownUs;
      });
    }
    case 'txId':
      return longStep(node, (value, into) => {
        into.txId = Number(value);
      });
    case 'snapshot':
      return (cursor, into) => {
        const value = read(cursor);
        into.snapshot = value !== null && value !== 'false' && value !== false;
      };
    case 'sequence':
      return onRequest(skip, (cursor, into) => {
        const value = read(cursor);
        into.sequence = value === null ? null : String(value);
      });
    case 'lsn':
      return onRequest(
        skip,
        longStep(node, (value, into) => {
          into.lsn = BigInt(value);
        }),
      );
    default:
      return skip;
  }
}

function onRequest(skip: ValueSkipper, read: Step): Step {
  return (cursor, into, withLsn) => {
    if (withLsn) read(cursor, into, withLsn);
    else skip(cursor);
  };
}

/** A long, or a union of null and one: read without going through a column's value. */
function longStep(node: AvroNode, put: (value: number | bigint, into: Envelope) => void): Step {
  if (node.kind !== 'union') return (cursor, into) => put(cursor.long(), into);
  const nullBranch = node.branches.findIndex(
    (branch) => branch.kind === 'primitive' && branch.type === 'null',
  );
  return (cursor, into) => {
    if (cursor.int() !== nullBranch) put(cursor.long(), into);
  };
}

/** A topic's records nearly all name one schema and one table: theirs are not decoded again. */
function nameStep(name: 'schema' | 'table', node: AvroNode, read: ValueReader): Step {
  const isPlain = node.kind === 'primitive' && node.type === 'string';
  let known = '';
  let knownBytes: Buffer = Buffer.alloc(0);
  return (cursor, into) => {
    if (!isPlain || known === '' || !cursor.isString(knownBytes)) {
      known = String(read(cursor));
      knownBytes = Buffer.from(known);
    }
    into[name] = known;
  };
}
