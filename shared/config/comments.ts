/** JSON with `//` comments, and commas after last entries: one that is commented out leaves such a comma behind. */
import { SpotfoldError, messageOf } from "../errors.ts";

/** A string, closed or not (it may hold `//`), or a comment to the end of its line. */
const stringOrComment = /"(?:[^"\\\n]|\\.)*"?|\/\/[^\n]*/g;
/** A string, or a comma that an object or array ends after. */
const stringOrLastComma = /"(?:[^"\\\n]|\\.)*"?|,(?=\s*[}\]])/g;

/** Comments become spaces, so that what is wrong further on is found at its own place. */
export function stripComments(text: string): string {
  return text.replace(stringOrComment, (match) => (match.startsWith('"') ? match : " ".repeat(match.length)));
}

/** Throws SpotfoldError `invalid-config` with what is no JSON, and mostly where. */
export function parseCommentedJson(text: string, file: string): unknown {
  const stripped = stripComments(text.replace(/^\u{FEFF}/u, ""));
  try {
    return JSON.parse(stripped.replace(stringOrLastComma, (match) => (match === "," ? " " : match))) as unknown;
  } catch (error) {
    throw new SpotfoldError("invalid-config", `The file ${file} is not JSON: ${messageOf(error)}`, {
      hint: "JSON with // comments is taken; single quotes and names without quotes are not.",
      context: { file },
      cause: error,
    });
  }
}
