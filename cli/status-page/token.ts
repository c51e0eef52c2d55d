/** The token of the status page: the first line of a file, so that it is in no command line and no log. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf, SpotfoldError } from "../../shared/errors.ts";

/** What nobody guesses: 96 bits, as base64. */
const tokenCharsMin = 16;
const hint = "To make one: openssl rand -hex 32 > FILE && chmod 600 FILE";

/** Null without a file. `folder`: where a relative path belongs. */
export function tokenOf(file: string | undefined, folder: string): string | null {
  if (file === undefined) return null;
  let text: string;
  try {
    text = readFileSync(resolve(folder, file), "utf8");
  } catch (error) {
    throw new SpotfoldError("usage", `--token-file ${file} cannot be read: ${messageOf(error)}`, { hint });
  }
  const token = text.split("\n", 1)[0]?.trim() ?? "";
  if (token.length >= tokenCharsMin && /^[\x21-\x7e]+$/.test(token)) return token;
  const rule = `at least ${tokenCharsMin} characters without spaces`;
  throw new SpotfoldError("usage", `--token-file ${file}: its first line is to be the token, ${rule}`, { hint });
}
