/**
 * What a command talks to: two streams of text, the environment, and the signals that ask it to stop. Commands take it as
 * their second argument and answer with an exit code; none touches `process` by itself.
 */
import type { Environment } from "../shared/config/environment.ts";
import { quoted } from "./caller-command.ts";

export interface TextStream {
  /**
   * Resolves when the text was taken: whoever writes much waits for whoever reads slowly. Text is for people, so control
   * characters in it are shown instead of obeyed (visible.ts); bytes are written as they are.
   */
  write(text: string | Uint8Array): Promise<void>;
  /** Whether a person looks at it. */
  readonly isTerminal: boolean;
  /** Characters a line of the terminal has; 80 elsewhere. */
  readonly columns: number;
}

/** Ctrl-C or SIGTERM: the first asks to finish in order, the second to stop at once. */
export interface Interrupts {
  readonly first: AbortSignal;
  readonly second: AbortSignal;
  /** The exit code that belongs to the first signal: 130 or 143. */
  readonly exitCode: () => 130 | 143;
}

export interface Io {
  readonly out: TextStream;
  readonly err: TextStream;
  readonly environment: Environment;
  readonly interrupts: Interrupts;
  /** The command line after `spotfold`, for "the command that resumes". */
  readonly words: readonly string[];
  /** How the caller calls us: `spotfold`, `npx spotfold`, or a path (caller-command.ts). */
  readonly command: readonly string[];
}

/** `spotfold run histograms --data ./logs`, as the caller pastes it into a shell. */
export function commandLine({ command }: Pick<Io, "command">, words: readonly string[]): string {
  return [...command, ...words].map(quoted).join(" ");
}
