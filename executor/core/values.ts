/** Values as their analysis writes them: its own `encode` and `decode`, or JSON in one form. */
import type { Analysis } from "../../jobs/analysis.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { decodeValue, encodeValue } from "../../shared/segment/value.ts";

/** Value -> one line. What `encode` throws passes through; what it returns must be text. */
export function encodeValueOf(analysis: Analysis): (value: unknown) => string {
  const encode = analysis.encode?.bind(analysis);
  if (encode === undefined) return (value) => encodeValue(value);
  return (value) => {
    const text: unknown = encode(value);
    if (typeof text === "string") return text;
    throw new SpotfoldError("analysis-failed", `\`encode\` gave ${typeof text}, not text`);
  };
}

export function decodeValueOf(analysis: Analysis): (text: string) => unknown {
  return analysis.decode?.bind(analysis) ?? decodeValue;
}
