/**
 * Text of anybody as it can be read: what a browser obeys, or does not show, stands as an escape, `\u202e`, as the command line writes
 * it. Else one name could look like another: with its end turned round, with a line end for a blank, or with more than one sees.
 * Names are escaped and never shortened; only logs lose the colours of terminals (log-lines.ts). Pure.
 */

/** Control and format characters, halves of pairs, line and paragraph ends: in a log, too. */
const unseen = String.raw`\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}`;
/** Of a name also what takes no room, and what looks like the blank and is none. */
const unlike = String.raw`\p{Default_Ignorable_Code_Point}\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000`;
const inLog = new RegExp(`[${unseen}]`, "gu");
const inName = new RegExp(`[${unseen}${unlike}]`, "gu");
/** Lines and tabs that somebody wrote stay. */
const inMessage = new RegExp(`(?![\\n\\t])[${unseen}${unlike}]`, "gu");

/** Written `\x07` up to the first, `\u202e` up to the second, and `\u{e0001}` above. */
const shortMax = 0x7f;
const fourDigitsMax = 0xffff;

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code <= shortMax) return `\\x${digits.padStart(2, "0")}`;
  return code <= fourDigitsMax ? `\\u${digits.padStart(4, "0")}` : `\\u{${digits}}`;
}

/** A name in one line. */
export function visibleName(text: string): string {
  return text.replaceAll(inName, escaped);
}

/** A message of an analysis or a store, which names stand in. Line ends stay. */
export function visibleMessage(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(inMessage, escaped);
}

/** A line of a log, without line ends. Letters may be joined there as their writing wants it. */
export function visibleInLog(line: string): string {
  return line.replaceAll(inLog, escaped);
}

/** Members whose lines stay. */
const messages: ReadonlySet<string> = new Set(["message", "hint"]);
/** What is copied into a shell, what the command line has made visible itself, and what log-lines.ts reads. */
const asTheyAre: ReadonlySet<string> = new Set(["commands", "command", "output", "log"]);

/** What a server answered, with all texts in it visible: so no part of the page has to think of it. */
export function visibleDocument<T>(document: T): T {
  return visibleIn(document, "") as T;
}

function visibleIn(value: unknown, member: string): unknown {
  if (typeof value === "string") return messages.has(member) ? visibleMessage(value) : visibleName(value);
  if (Array.isArray(value)) return value.map((one) => visibleIn(one, member));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value);
  return Object.fromEntries(members.map(([name, of]) => [name, asTheyAre.has(name) ? of : visibleIn(of, name)]));
}
