/**
 * A command line as the page shows it: to be pasted into any shell of the server's machine, wherever that stands. Names of datasets,
 * relative paths and settings belong to the folder of the server, and so may the very word that calls us (`npx spotfold`).
 */
import { quoted } from "../caller-command.ts";
import { commandLine } from "../io.ts";

export interface ShownFrom {
  /** How the caller calls us. */
  readonly command: readonly string[];
  /** Absolute. */
  readonly folder: string;
}

export function shownCommand(from: ShownFrom, words: readonly string[]): string {
  return `cd ${quoted(from.folder)} && ${commandLine(from, words)}`;
}
