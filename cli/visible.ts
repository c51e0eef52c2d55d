/**
 * Text of others on a person's terminal: keys, what an analysis threw or printed, reasons that a store gave. A control
 * character in it could move the cursor, retitle the window, or wipe out the line that says what is wrong; one that nobody sees
 * could turn the order of a name around, or make two names look alike. So it is shown, not obeyed: `\x1b` for ESC, `\u202e` for
 * what writes from right to left.
 *
 * All text that a command writes passes `visible` (process-io.ts); bytes go through as they are. Where foreign text stands in
 * one line, `visibleLine` keeps it there.
 */

/** Controls, formats (order of writing, widths of zero, tags), and what ends a line or a paragraph. */
const controls = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** JSON has escaped what is below this, and is written as text: the rest is escaped so that it means the same in JSON. */
const firstAboveJson = 0x7f;

/** Beyond the basic plane by its two units, as JSON does it. */
function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    const code = character.charCodeAt(index);
    const digits = code.toString(16);
    return code < firstAboveJson ? `\\x${digits.padStart(2, "0")}` : `\\u${digits.padStart(4, "0")}`;
  }).join("");
}

/** Line ends and tabs stay. Applied twice, it changes nothing the second time. */
export function visible(text: string): string {
  return text.replaceAll(controls, (found) => (found === "\n" || found === "\t" ? found : escaped(found)));
}

/** For foreign text within a line: line ends and tabs are escaped, too. */
export function visibleLine(text: string): string {
  return text.replaceAll(controls, escaped);
}
