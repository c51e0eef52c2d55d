/**
 * The token of the status page: the first line of a file, so that it is in no command line and no log. A page that acts has one
 * on this machine, too: code of an analysis has the network, and there may be other users. Without a file it is made at the
 * start, is told to whoever started it, and ends with the process.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf, SpotfoldError } from "../../shared/errors.ts";

/** What nobody guesses: 96 bits, as base64. */
const tokenCharsMin = 16;
/** Of one that is made: as many as the hint's command makes of 32. */
const tokenBytes = 32;
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

export interface PageToken {
  /** Null: none is needed. */
  readonly token: string | null;
  /** It was made for this start: nobody knows it until it is told. */
  readonly isMade: boolean;
}

/** Of a page that acts, or only shows. Throws `usage` for the file. */
export function pageToken(file: string | undefined, folder: string, acts: boolean): PageToken {
  const token = tokenOf(file, folder);
  if (token !== null || !acts) return { token, isMade: false };
  return { token: randomBytes(tokenBytes).toString("hex"), isMade: true };
}

/** Flags of the status page without it (`how`: what serves it): left aside in silence, a page would be thought to be protected, or to act. */
export function refuseWithoutPage(
  { tokenFile, allowActions }: { readonly tokenFile?: string | undefined; readonly allowActions?: boolean | undefined },
  how: string,
): void {
  const flag = allowActions === true ? "--allow-actions" : tokenFile === undefined ? null : "--token-file";
  if (flag === null) return;
  const said = `${flag} is for the status page, and nothing serves it here`;
  throw new SpotfoldError("usage", said, { hint: `Add ${how}, or leave ${flag} out.` });
}

/** What whoever started the page is told, once: the page has a field for it. */
export function tokenText(url: string, token: string): string {
  return `${url} asks for this token: ${token}\n`;
}
