/**
 * What `counts` counts by: a comma-separated list of
 *
 *   dimensions of the block's key     appUpdateChannel
 *   JSON paths into the record        $.info.OS    $.addons[0].id    $['a b']["c.d"]    $
 *
 * In quotes, a backslash keeps the character after it. A path's value is text as it is, anything else as JSON.
 */

export interface Column {
  /** As it was written. */
  readonly text: string;
  /** Of the key's column: a path without its quotes, with `_` for what a column's name may not have. */
  readonly name: string;
  /** The steps of a path (text: a member, number: an element); null for a dimension. */
  readonly path: readonly (string | number)[] | null;
}

const DIMENSION = /[A-Za-z_][A-Za-z0-9_-]*/y;
const MEMBER = /\.([^.[\],'"\s]+)/y;
const ELEMENT = /\[(0|[1-9]\d{0,8})\]/y;
const QUOTED = /\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]/sy;
/** Of a column. */
const NAME_LENGTH_MAX = 63;
const SEPARATOR = /\s*,\s*/y;

/** Throws an Error that shows where the text is wrong. */
export function parseColumns(text: string): readonly Column[] {
  const source = text.trim();
  const columns: Column[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  do {
    const start = at;
    const path: (string | number)[] | null = source[at] === "$" ? [] : null;
    if (path !== null) {
      at++;
      for (let step = takeStep(take); step !== undefined; step = takeStep(take)) path.push(step);
    } else if (take(DIMENSION) === null) throw unreadable(source, at);
    const text = source.slice(start, at);
    const name = path === null ? text : nameOf(path);
    if (name.length > NAME_LENGTH_MAX) throw new Error(`"${text}" is longer than ${NAME_LENGTH_MAX} characters`);
    if (columns.some((column) => column.name === name)) throw new Error(`there are two columns "${name}"`);
    columns.push({ text, name, path });
  } while (take(SEPARATOR) !== null);
  if (at < source.length) throw unreadable(source, at);
  return columns;
}

function nameOf(path: readonly (string | number)[]): string {
  const steps = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`));
  return `$${steps.join("")}`.replaceAll(/[\p{C}\p{Z},"]/gu, "_");
}

function takeStep(take: (pattern: RegExp) => RegExpExecArray | null): string | number | undefined {
  const member = take(MEMBER)?.[1];
  if (member !== undefined) return member;
  const element = take(ELEMENT)?.[1];
  if (element !== undefined) return Number(element);
  const quoted = take(QUOTED);
  return quoted === null ? undefined : (quoted[1] ?? quoted[2] ?? "").replaceAll(/\\(.)/gs, "$1");
}

function unreadable(source: string, at: number): Error {
  const rest = source.slice(at);
  return new Error(
    `expected a dimension (appUpdateChannel) or a path ($.info.OS, $['a b'][0]) at ${rest === "" ? "the end" : `"${rest}"`}`,
  );
}
