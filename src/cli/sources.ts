import { formatTable, type TableId } from '../change/table.ts';
import { type Config, parseTableName, type SourceConfig } from '../config.ts';
import { FreshetError } from '../runtime/errors.ts';

/** The source of that name; without one, the one that lists the table. Throws USAGE. */
export function chosenSource(
  { sources }: Pick<Config, 'sources'>,
  name: string | undefined,
  table: TableId | null,
): SourceConfig {
  const known = sources.map((source) => source.name).join(', ');
  if (name !== undefined) {
    const source = sources.find((each) => each.name === name);
    if (source !== undefined) return source;
    throw new FreshetError('USAGE', `--source: there is no source "${name}"`, {
      cure: `Choose one of: ${known}.`,
    });
  }
  const [only, ...more] = sources.filter(
    (source) => table === null || source.tables.some((each) => formatTable(each) === formatTable(table)),
  );
  if (only !== undefined && more.length === 0) return only;
  const what =
    table === null
      ? 'the source is not clear'
      : `${formatTable(table)} is in ${only === undefined ? 'no source' : 'several sources'}`;
  throw new FreshetError('USAGE', what, { cure: `Name one with --source: ${known}.` });
}

/** Throws USAGE. */
export function tableNamed(name: string): TableId {
  const table = parseTableName(name);
  if (table.schema !== '' && table.name !== '') return table;
  throw new FreshetError('USAGE', `"${name}" is no table`, {
    cure: 'Name it with its schema: public.products',
  });
}
