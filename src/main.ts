#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import process from 'node:process';

// Compiling takes longer than most commands. What is imported above this line is compiled at every start.
enableCompileCache();
const { CommanderError } = await import('commander');
const { createProgram } = await import('./cli/program.ts');
const { openTerminal, reportError } = await import('./cli/terminal.ts');

const argv = process.argv.slice(2);
const terminal = openTerminal(process.env, argv.includes('--json'));
try {
  process.exitCode = 0;
  const program = await createProgram(process.env, process.cwd(), argv);
  await program.parseAsync(argv, { from: 'user' });
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = reportError(terminal, error);
}
// Sockets of services that are gone can hold the process for minutes: everything of ours is disposed by now.
setTimeout(() => process.exit(), 1_000).unref();
