/**
 * What a store's refusal of a lent URL says of the block: an HTTP status and, from S3 and servers that speak like it, an XML
 * body with a code. Pure.
 *
 * A refusal that a new signature may cure comes out as the environment's or the infrastructure's fault, and is tried again
 * with a URL that is asked for anew; gone, replaced and archived are final.
 */
import type { Cause } from "../../shared/formats/attempt.ts";

/** S3's errors have a few hundred bytes; whatever else answers is not read further. */
export const refusalBytesMax = 4 * 1024;

export interface Refusal {
  readonly cause: Extract<Cause, "gone" | "replaced" | "archived" | "environment" | "infrastructure">;
  /** A code of `SpotfoldError`s where one fits. */
  readonly reason: string;
  readonly message: string;
}

/** By the code in the body. `AccessDenied` is looked at further. */
const byCode: Readonly<Record<string, readonly [Refusal["cause"], string]>> = {
  NoSuchBucket: ["environment", "no-such-store"],
  InvalidObjectState: ["archived", "archived"],
  ExpiredToken: ["environment", "no-credentials"],
  InvalidToken: ["environment", "no-credentials"],
  TokenRefreshRequired: ["environment", "no-credentials"],
  InvalidAccessKeyId: ["environment", "no-credentials"],
  SignatureDoesNotMatch: ["environment", "no-credentials"],
  RequestTimeTooSkewed: ["environment", "clock-skew"],
  AuthorizationHeaderMalformed: ["environment", "wrong-region"],
  AuthorizationQueryParametersError: ["environment", "wrong-region"],
  PermanentRedirect: ["environment", "wrong-region"],
};

/** `body`: the answer's, or its beginning. */
export function refusalOf(status: number, body: string): Refusal {
  const code = /<Code>([\w.]+)<\/Code>/.exec(body)?.[1] ?? "";
  const words = /<Message>([^<]*)<\/Message>/.exec(body)?.[1] ?? "";
  const said = [code, words].filter((part) => part !== "").join(": ");
  const message = `the store answered ${status}${said === "" ? "" : ` (${said})`}`;
  const known = byCode[code];
  if (known !== undefined) return { cause: known[0], reason: known[1], message };
  if (status === 404) return { cause: "gone", reason: "gone", message: "it is not there any more" };
  if (status === 412 || status === 416) {
    return { cause: "replaced", reason: "replaced", message: "it was replaced since it was catalogued" };
  }
  if (/not yet valid/i.test(words)) return { cause: "environment", reason: "clock-skew", message };
  // The URL ran out; the next one is new.
  if (/expired/i.test(words)) return { cause: "infrastructure", reason: "url-expired", message };
  if (status === 401 || status === 403 || code.startsWith("KMS.")) {
    return { cause: "environment", reason: "access-denied", message };
  }
  return { cause: "infrastructure", reason: `http-${status}`, message };
}
