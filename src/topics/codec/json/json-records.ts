import type { Row } from '../../../change/change.ts';
import { formatTable, type TableId } from '../../../change/table.ts';
import { AvroCursor } from '../avro-cursor.ts';
import type { AvroNode } from '../avro-types.ts';
import { type ColumnChoice, type Envelope, EnvelopeReader } from '../envelope-reader.ts';
import { type MutableRow, RowReader } from '../row-reader.ts';
import { SlabWriter } from '../slab-writer.ts';
import { connectNode } from './connect-schema.ts';
import { parseExactJson } from './exact-json.ts';
import { writeAvro } from './json-to-avro.ts';
import { type ColumnTypes, PlainRowReader } from './plain-rows.ts';

type JsonObject = Readonly<Record<string, unknown>>;

interface Parsed {
  /** Null in JSON without schemas. */
  readonly schema: { readonly text: string; readonly json: JsonObject } | null;
  readonly payload: JsonObject;
}

interface KnownSchema {
  readonly node: AvroNode;
  readonly envelope: EnvelopeReader | null;
  readonly row: RowReader | null;
}

const SCHEMA_FIRST = '{"schema":';
const PAYLOAD = ',"payload":';
/** A table has a schema for its keys and one for its values, and few versions of each. */
const MAX_SCHEMAS = 1_000;

/** Reads keys and values that Connect's JsonConverter wrote, with schemas or without. */
export class JsonRecordReader {
  readonly #choice: ColumnChoice | null;
  readonly #types: (table: TableId) => ColumnTypes;
  readonly #schemas = new Map<string, KnownSchema>();
  readonly #plain = new Map<string, PlainRowReader>();
  readonly #cursor = new AvroCursor();
  readonly #out = new SlabWriter();

  /** `types` says what columns are where no schema does. */
  constructor(choice: ColumnChoice | null, types: (table: TableId) => ColumnTypes) {
    this.#choice = choice;
    this.#types = types;
  }

  /** Throws RangeError or SyntaxError on what is no Debezium envelope. */
  envelope(value: Buffer): Envelope {
    const { schema, payload } = parse(value, 'value');
    if (schema === null) return this.#plainEnvelope(payload);
    const { node, envelope } = this.#known(schema, 'envelope');
    if (envelope === null) throw new RangeError('the schema is no Debezium envelope');
    const bytes = this.#avro(node, payload);
    return envelope.read(this.#cursor, bytes, 0, true);
  }

  key(key: Buffer, table: TableId): Row {
    const { schema, payload } = parse(key, 'key');
    if (schema === null) return this.#rows(table, false).read(payload) as Row;
    const { node, row } = this.#known(schema, 'row');
    this.#cursor.open(this.#avro(node, payload), 0);
    return row?.read(this.#cursor) as Row;
  }

  #avro(node: AvroNode, payload: JsonObject): Buffer {
    this.#out.begin();
    writeAvro(node, payload, this.#out);
    return this.#out.finish();
  }

  #known(schema: { readonly text: string; readonly json: JsonObject }, as: 'envelope' | 'row'): KnownSchema {
    const known = this.#schemas.get(schema.text);
    if (known !== undefined) return known;
    const node = connectNode(schema.json);
    const made: KnownSchema = {
      node,
      envelope: as === 'envelope' ? new EnvelopeReader(node, this.#choice) : null,
      row: as === 'row' ? new RowReader(node, null) : null,
    };
    if (this.#schemas.size >= MAX_SCHEMAS) this.#schemas.clear();
    this.#schemas.set(schema.text, made);
    return made;
  }

  #plainEnvelope(payload: JsonObject): Envelope {
    const source = objectIn(payload, 'source');
    const table = { schema: String(source['schema']), name: String(source['table']) };
    const { before = null, after = null, op } = payload;
    if (typeof op !== 'string' || source['table'] === undefined)
      throw new RangeError(
        'the value is no Debezium envelope: it has no "op", or no "source" with a "table"',
      );
    const rows = this.#rows(table, true);
    const row = (value: unknown): MutableRow | null =>
      value === null ? null : rows.read(value as JsonObject);
    const { txId, ts_us: tsUs, ts_ms: tsMs, snapshot, sequence, lsn } = source;
    return {
      op,
      before: row(before),
      after: row(after),
      schema: table.schema,
      table: table.name,
      txId: txId === null || txId === undefined ? null : Number(txId),
      tsUs: tsUs === undefined || tsUs === null ? whole(tsMs ?? 0) * 1000n : whole(tsUs),
      snapshot: snapshot !== undefined && snapshot !== null && snapshot !== 'false' && snapshot !== false,
      sequence: typeof sequence === 'string' ? sequence : null,
      lsn: lsn === undefined || lsn === null ? null : whole(lsn),
    };
  }

  #rows(table: TableId, chosen: boolean): PlainRowReader {
    const name = `${chosen ? 'value' : 'key'} ${formatTable(table)}`;
    let reader = this.#plain.get(name);
    if (reader === undefined) {
      reader = new PlainRowReader(this.#types(table), chosen ? (this.#choice?.(table) ?? null) : null);
      this.#plain.set(name, reader);
    }
    return reader;
  }
}

/** A record repeats its schema: it is parsed once a schema, by its text. */
function parse(bytes: Buffer, part: string): Parsed {
  const text = bytes.toString('utf8');
  const end = text.startsWith(SCHEMA_FIRST) ? text.indexOf(PAYLOAD) : -1;
  if (end < 0) {
    const whole = parseExactJson(text);
    return { schema: null, payload: asObject(whole, part) };
  }
  const schemaText = text.slice(SCHEMA_FIRST.length, end);
  const payload = asObject(parseExactJson(text.slice(end + PAYLOAD.length, -1)), part);
  if (schemaText === 'null') return { schema: null, payload };
  return { schema: lazySchema(schemaText), payload };
}

function lazySchema(text: string): { readonly text: string; readonly json: JsonObject } {
  return {
    text,
    get json() {
      return asObject(JSON.parse(text), 'schema');
    },
  };
}

function objectIn(parent: JsonObject, name: string): JsonObject {
  const value = parent[name];
  if (typeof value === 'object' && value !== null) return value as JsonObject;
  throw new RangeError(`the value is no Debezium envelope: it has no "${name}"`);
}

function asObject(value: unknown, part: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new RangeError(`the ${part} is no JSON object`);
}

function whole(value: unknown): bigint {
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'string')
    return BigInt(value);
  throw new RangeError(`a whole number was expected, not ${typeof value}`);
}
