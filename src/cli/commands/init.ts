import { FreshetError } from '../../runtime/errors.ts';
import { type CommandContext, config } from '../context.ts';
import { initSql } from '../init-sql.ts';
import { openTerminal } from '../terminal.ts';

export interface InitOptions {
  readonly printSql?: boolean;
  readonly role: string;
}

export async function initCommand(context: CommandContext, options: InitOptions): Promise<void> {
  if (options.printSql !== true) {
    throw new FreshetError('USAGE', 'init changes nothing by itself', {
      cure: 'Say freshet init --print-sql, and let an administrator run what it prints.',
    });
  }
  const { sources } = await config(context);
  openTerminal(context.env, false).out(sources.map((source) => initSql(source, options.role)).join('\n\n'));
}
