import { byId, html, keepList, setFigure, setText } from './dom.js';
import { counted, tableName, time } from './format.js';

/** @import { LetterGroup } from '../src/metrics/page/page-events.ts' */

const COPIED_MS = 2_000;

/**
 * What could not be processed, why, and the command that has it processed again.
 * @param {readonly LetterGroup[]} groups
 */
export function showLetters(groups) {
  byId('no-letters').hidden = groups.length > 0;
  keepList(
    byId('letters'),
    groups,
    ({ pipeline, table, code }) => `${pipeline} ${table} ${code}`,
    createGroup,
    (node, group) => {
      const [what, cause] = node.children;
      if (what === undefined || cause === undefined) return;
      const { pipeline, table, code, letters, since } = group;
      setFigure(
        what,
        `letters.${pipeline}.${table}.${code}`,
        letters,
        `${counted(letters, 'change')} of ${tableName(table)} in ${pipeline}: ${code}`,
      );
      const why = (group.cause ?? 'the letter that says why is gone').replace(/\.$/, '');
      setText(cause, `${why} (since ${time(since)})`);
    },
  );
}

/** @param {LetterGroup} group */
function createGroup({ command }) {
  const copy = html('button', { type: 'button', 'aria-label': `Copy: ${command}` }, 'Copy');
  copy.addEventListener('click', () => {
    void navigator.clipboard?.writeText(command).then(() => {
      copy.textContent = 'Copied';
      setTimeout(() => (copy.textContent = 'Copy'), COPIED_MS);
    });
  });
  return html(
    'li',
    {},
    html('p', { class: 'what' }),
    html('p', { class: 'cause' }),
    html(
      'p',
      { class: 'command' },
      html('span', { class: 'note' }, 'Once the cause is mended:'),
      html('code', {}, command),
      copy,
    ),
  );
}
