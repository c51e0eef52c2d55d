/** The `Io` of the real process. */
import { writeSync } from "node:fs";
import type { WriteStream } from "node:tty";
import { codeOf, messageOf } from "../shared/errors.ts";
import { processEnvironment } from "../shared/config/environment.ts";
import { callerCommand } from "./caller-command.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Interrupts, Io, TextStream } from "./io.ts";
import { visible } from "./visible.ts";

/**
 * Below npm, or when an older Node passes it on, one Ctrl-C arrives two or three times: from the terminal, and from each
 * parent. Within this time it is the same one; a person who presses twice takes longer.
 */
const sameSignalMs = 400;

export function processIo(words: readonly string[]): Io {
  const environment = processEnvironment();
  let command: readonly string[] | undefined;
  return {
    out: streamOf(process.stdout, { required: true }),
    err: streamOf(process.stderr, { required: false }),
    environment,
    interrupts: processInterrupts(),
    words,
    // Looked for when it is first needed: most commands never say it.
    get command() {
      return (command ??= callerCommand(environment));
    },
  };
}

/** What a terminal has that does not say. */
const columnsDefault = 80;

/**
 * `required`: what is printed is what the command is for, and it ends when that cannot be written. A reader that has gone
 * (`| head`) is no failure of ours, a full disk no bug of ours. What is only told beside the work (a daemon's log, how far a
 * run is) is lost, and the work goes on: the collector of a log may die with the very Ctrl-C that asks to drain.
 */
function streamOf(stream: WriteStream, { required }: { readonly required: boolean }): TextStream {
  // A listener in any case: an error that nobody hears ends the process.
  stream.on("error", (error) => {
    if (!required) return;
    if (codeOf(error) !== "EPIPE") lastWords(2, `spotfold: the output cannot be written: ${messageOf(error)}\n`);
    process.exit(exitCodes.failed);
  });
  return {
    isTerminal: stream.isTTY,
    get columns() {
      // A terminal that nobody has told its size says 0.
      return stream.columns || columnsDefault;
    },
    write: async (text) => {
      // Nothing to write, and nothing to wait for: a stream that was never written to is not tried.
      if (text.length === 0 && stream.writableLength === 0) return;
      // Told, too, when it could not be written, where a "drain" would not come. What is required goes no further then: the
      // process ends by the listener above.
      await new Promise<void>((resolve) => {
        stream.write(typeof text === "string" ? visible(text) : text, (error) => {
          if (!required || error === null || error === undefined) resolve();
        });
      });
    },
  };
}

function processInterrupts(): Interrupts {
  const [first, second] = [new AbortController(), new AbortController()];
  let code: 130 | 143 = exitCodes.interrupted;
  let heardAt = Number.NEGATIVE_INFINITY;
  const hear = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    const again = now - heardAt < sameSignalMs;
    heardAt = now;
    if (again) return;
    if (first.signal.aborted) {
      second.abort(new Error(signal));
      return;
    }
    code = signal === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted;
    first.abort(new Error(signal));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, hear);
  return { first: first.signal, second: second.signal, exitCode: () => code };
}

/** Writes the last words of a process that is about to end, whatever state its streams are in. */
export function lastWords(descriptor: 1 | 2, text: string): void {
  try {
    writeSync(descriptor, text);
  } catch {
    // Nobody reads any more.
  }
}
