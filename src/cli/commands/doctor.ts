import { type CommandContext, config } from '../context.ts';
import { diagnose, type Finding } from '../doctor.ts';
import { openTerminal } from '../terminal.ts';

export async function doctorCommand(
  context: CommandContext,
  options: { readonly json?: boolean },
): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const findings = await diagnose(await config(context));
  const healthy = findings.every((finding) => finding.ok);
  terminal.out(terminal.json ? JSON.stringify({ ok: healthy, findings }) : findings.map(line).join('\n'));
  process.exitCode = healthy ? 0 : 3;
}

function line({ check, ok, found, cure }: Finding): string {
  return `${ok ? 'ok     ' : 'MISSING'} ${check}: ${found}${cure === undefined ? '' : `\n        cure: ${cure}`}`;
}
