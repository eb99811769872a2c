import pg from 'pg';
import { formatTable } from '../change/table.ts';
import type { SourceConfig } from '../config.ts';
import { quoteTable } from '../source/publication.ts';

/** What an administrator runs once at a source: a role that may replicate and read the listed tables, and nothing else. */
export function initSql(source: SourceConfig, role = 'freshet'): string {
  const name = pg.escapeIdentifier(role);
  const schemas = [...new Set(source.tables.map((table) => table.schema))];
  const tables = source.tables.map((table) => quoteTable(table)).join(', ');
  const streams = source.mode === 'stream';
  return [
    `-- Source "${source.name}": run as a superuser, in database ${pg.escapeIdentifier(source.database)}.`,
    `-- Tables: ${source.tables.map((table) => formatTable(table)).join(', ')}`,
    `CREATE ROLE ${name} LOGIN${streams ? ' REPLICATION' : ''}; -- then: \\password ${role}`,
    ...schemas.map((schema) => `GRANT USAGE ON SCHEMA ${pg.escapeIdentifier(schema)} TO ${name};`),
    `GRANT SELECT ON ${tables} TO ${name};`,
    ...(streams ? streamSql(source, tables) : []),
  ].join('\n');
}

function streamSql(source: SourceConfig, tables: string): string[] {
  return [
    `CREATE PUBLICATION ${pg.escapeIdentifier(source.publication)} FOR TABLE ${tables} WITH (publish_via_partition_root = true);`,
    '-- Replication also needs, once per server, followed by a restart:',
    `-- ALTER SYSTEM SET wal_level = 'logical';`,
  ];
}
