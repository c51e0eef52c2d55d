/**
 * Text of others on a person's terminal: keys, what an analysis threw or printed, reasons that a store gave. A control
 * character in it could move the cursor, retitle the window, or wipe out the line that says what is wrong. So it is shown, not
 * obeyed: `\x1b` for ESC.
 *
 * All text that a command writes passes `visible` (process-io.ts); bytes go through as they are. Where foreign text stands in
 * one line, `visibleLine` keeps it there.
 */

const controls = /\p{Cc}/gu;

/** JSON has escaped what is below this, and is written as text: the rest is escaped so that it means the same in JSON. */
const firstAboveJson = 0x7f;

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  const digits = code.toString(16);
  return code < firstAboveJson ? `\\x${digits.padStart(2, "0")}` : `\\u${digits.padStart(4, "0")}`;
}

/** Line ends and tabs stay. Applied twice, it changes nothing the second time. */
export function visible(text: string): string {
  return text.replaceAll(controls, (found) => (found === "\n" || found === "\t" ? found : escaped(found)));
}

/** For foreign text within a line: line ends and tabs are escaped, too. */
export function visibleLine(text: string): string {
  return text.replaceAll(controls, escaped);
}
