/** What writers and merges of segments say when they refuse an entry. Keys are shown encoded, and cut. */
import { SpotfoldError } from "../errors.ts";
import { asBuffer } from "./zstd.ts";

/** Of a key, in error messages. */
const KEY_SHOWN_BYTES = 200;

/** The caller broke the writer's contract: a bug of ours. `before` is the key of the entry before. */
export function refused(what: string, key: Uint8Array, before: Uint8Array): SpotfoldError {
  const context = { key: shown(key), before: shown(before) };
  return new SpotfoldError("internal", `${what}: it cannot be written to a segment`, { context });
}

/** Only an analysis that brings its own `encode` can give such a value. */
export function brokenValue(key: Uint8Array): SpotfoldError {
  return new SpotfoldError("analysis-failed", "a value holds TAB or LF: it cannot be written to a segment", {
    hint: "What `encode` of an analysis returns must be one line without tabs.",
    context: { key: shown(key) },
  });
}

/** A key or value that an analysis made is beyond a limit. */
export function tooLarge(what: "key" | "value", bytes: number, bytesMax: number, key: Uint8Array): SpotfoldError {
  return new SpotfoldError("limit", `a ${what} has ${bytes} bytes; at most ${bytesMax} are allowed`, {
    hint: "Let the analysis use more keys with smaller values, or shorter keys.",
    context: { key: shown(key) },
  });
}

function shown(key: Uint8Array): string {
  return asBuffer(key).toString("utf8", 0, KEY_SHOWN_BYTES);
}
