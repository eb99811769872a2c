/** As much of a terminal as the progress needs: carriage return, erase to the end of the line, bold. */
export class TerminalScreen {
  #lines: string[] = [''];
  #column = 0;
  #rest = '';

  write(chunk: string): void {
    const text = this.#rest + chunk;
    // oxlint-disable-next-line no-control-regex
    for (const [part] of text.matchAll(/\u001B\[[\d;?]*[A-Za-z]|\r|\n|[^\u001B\r\n]+/g)) this.#apply(part);
    this.#rest = /\u001B[^A-Za-z]*$/.exec(text)?.[0] ?? '';
  }

  get text(): string {
    return this.#lines.join('\n');
  }

  get lastLine(): string {
    return this.#lines.at(-1) ?? '';
  }

  #apply(part: string): void {
    const last = this.#lines.length - 1;
    const line = this.#lines[last] ?? '';
    if (part === '\n') {
      this.#lines.push('');
      this.#column = 0;
    } else if (part === '\r') this.#column = 0;
    else if (part.endsWith('K') && part.startsWith('\u001B')) this.#lines[last] = line.slice(0, this.#column);
    else if (!part.startsWith('\u001B')) {
      this.#lines[last] =
        line.slice(0, this.#column).padEnd(this.#column) + part + line.slice(this.#column + part.length);
      this.#column += part.length;
    }
  }
}

const LINES = 14;

/** A page with what the command has printed so far; the last line is the progress, of which the phase stands out. */
export function terminalHtml(command: string, text: string): string {
  const shown = text.trim().split('\n').slice(-LINES).join('\n');
  const lines = shown.replaceAll('&', '&amp;').replaceAll('<', '&lt;').split('\n');
  const last = (lines.pop() ?? '').replace(/^\w+/, '<b>$&</b>');
  return `<style>
    body { margin: 0; }
    pre { display: inline-block; margin: 0; padding: 20px 24px; background: #101817; color: #d7e2df;
      font: 13px/1.55 ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
    b { color: #52cbc0; }
    i { color: #9fb0ab; font-style: normal; }
  </style><pre><i>$ ${command}</i>\n${[...lines, last].join('\n')}</pre>`;
}
