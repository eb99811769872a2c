#!/usr/bin/env node
import process from 'node:process';
import { createProgram } from './cli/program.ts';
import { openTerminal, reportError } from './cli/terminal.ts';
import { CommanderError } from 'commander';

const argv = process.argv.slice(2);
const terminal = openTerminal(process.env, argv.includes('--json'));
try {
  process.exitCode = 0;
  await createProgram(process.env, process.cwd()).parseAsync(argv, { from: 'user' });
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = reportError(terminal, error);
}
// Sockets of services that are gone can hold the process for minutes: everything of ours is disposed by now.
setTimeout(() => process.exit(), 1_000).unref();
