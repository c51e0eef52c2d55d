/** Lines of text for a drawing, which breaks none by itself. Pure: whoever draws says what fits. */

/** What stands for the rest of a text that takes too many lines. */
const rest = "…";

/** At spaces where there are some, else anywhere; at most `linesMax`, the last of which then ends in "…". `fits`: whether a line is short enough. */
export function wrapped(text: string, linesMax: number, fits: (line: string) => boolean): string[] {
  const lines: string[] = [];
  let line = "";
  const words = text.split(/(?<=\s)/);
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (fits(line + word.trimEnd())) {
      line += word;
      continue;
    }
    if (line === "") {
      const most = longest(word, fits);
      line = word.slice(0, most);
      words.unshift(word.slice(most));
    } else words.unshift(word);
    if (lines.length === linesMax - 1) return [...lines, cut(line.trimEnd(), fits)];
    lines.push(line.trimEnd());
    line = "";
  }
  return line.trimEnd() === "" ? lines : [...lines, line.trimEnd()];
}

/** How much of it fits; one character always does. */
function longest(word: string, fits: (line: string) => boolean): number {
  let most = 1;
  while (most < word.length && fits(word.slice(0, most + 1))) most++;
  return most;
}

function cut(line: string, fits: (line: string) => boolean): string {
  let left = line;
  while (left !== "" && !fits(left + rest)) left = left.slice(0, -1);
  return left + rest;
}
