import { Unrepresentable } from './unrepresentable.ts';

const PAIR = /"((?:[^"\\]|\\.)*)"=>(?:"((?:[^"\\]|\\.)*)"|NULL)(?:, |$)/gsy;

/** hstore's output text, `"a"=>"1", "b"=>NULL`, as a JSON object, `{"a":"1","b":null}`. */
export function hstoreToJson(text: string): string {
  const pairs: string[] = [];
  let end = 0;
  for (const match of text.matchAll(PAIR)) {
    const value = match[2] === undefined ? 'null' : JSON.stringify(unescape(match[2]));
    pairs.push(`${JSON.stringify(unescape(match[1] ?? ''))}:${value}`);
    end = match.index + match[0].length;
  }
  if (end !== text.length) throw new Unrepresentable(text, 'is no hstore text');
  return `{${pairs.join(',')}}`;
}

/** The reverse. A text that is no JSON object of strings and nulls is handed back as it is. */
export function jsonToHstore(json: string): string {
  const parsed: unknown = JSON.parse(json);
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) return json;
  return Object.entries(parsed)
    .map(([key, value]) => `${quote(key)}=>${value === null ? 'NULL' : quote(String(value))}`)
    .join(', ');
}

function unescape(text: string): string {
  return text.replace(/\\(.)/gs, '$1');
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
