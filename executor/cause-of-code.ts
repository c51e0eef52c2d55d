/**
 * What the code of an error says of the block that was asked for. Apart from what else turns ends into faults: the decoder
 * loads it, and it may load nothing that is not ours.
 */
import { isEnvironmental } from "../shared/errors.ts";
import type { Cause } from "../shared/formats/attempt.ts";

export function causeOfCode(code: string): Cause {
  switch (code) {
    case "absent":
      return "gone";
    case "changed":
      return "replaced";
    case "archived":
      return "archived";
    default:
      return isEnvironmental(code) ? "environment" : "infrastructure";
  }
}
