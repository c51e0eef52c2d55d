/** An `Io` whose output a test reads, and whose interrupts a test makes. */
import type { Io, TextStream } from "../../cli/io.ts";
import { visible } from "../../cli/visible.ts";

export interface CapturedIo {
  readonly io: Io;
  out(): string;
  err(): string;
  /** As Ctrl-C does; the second time, as the second. */
  interrupt(): void;
}

export interface CapturedOptions {
  readonly words?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly isTerminal?: boolean;
  readonly command?: readonly string[];
}

/** `folder`: the one that the caller stands in. */
export function capturedIo(folder: string, options: CapturedOptions = {}): CapturedIo {
  const [first, second] = [new AbortController(), new AbortController()];
  const texts = { out: "", err: "" };
  const stream = (name: "out" | "err"): TextStream => ({
    isTerminal: options.isTerminal ?? false,
    columns: 80,
    write: async (text) =>
      void (texts[name] += typeof text === "string" ? visible(text) : Buffer.from(text).toString()),
  });
  return {
    io: {
      out: stream("out"),
      err: stream("err"),
      environment: { variables: options.variables ?? {}, workingFolder: folder },
      interrupts: { first: first.signal, second: second.signal, exitCode: () => 130 },
      words: options.words ?? [],
      command: options.command ?? ["spotfold"],
    },
    out: () => texts.out,
    err: () => texts.err,
    interrupt: () => (first.signal.aborted ? second : first).abort(new Error("SIGINT")),
  };
}
