/** JSON with `//` comments. */
import { SpotfoldError, messageOf } from "../errors.ts";

/** A string, closed or not (it may hold `//`), or a comment to the end of its line. */
const stringOrComment = /"(?:[^"\\\n]|\\.)*"?|\/\/[^\n]*/g;

/** Comments become spaces, so that what is wrong further on is found at its own place. */
export function stripComments(text: string): string {
  return text.replace(stringOrComment, (match) => (match.startsWith('"') ? match : " ".repeat(match.length)));
}

/** Throws SpotfoldError `invalid-config` with what is no JSON, and mostly where. */
export function parseCommentedJson(text: string, file: string): unknown {
  const stripped = stripComments(text.replace(/^\u{FEFF}/u, ""));
  try {
    return JSON.parse(stripped) as unknown;
  } catch (error) {
    throw new SpotfoldError("invalid-config", `The file ${file} is not JSON: ${messageOf(error)}`, {
      hint: "JSON with // comments is taken; commas after the last entry and single quotes are not.",
      context: { file },
      cause: error,
    });
  }
}
