/**
 * Which pages may show a published page in a frame: those of the server's own origin, on which nothing but published files stands, and
 * those of origins that whoever starts it names. A page does nothing on anybody's behalf, so there is nothing to be clicked unawares; it
 * is still nobody's decoration unless somebody says so. What is not a published page is in no frame at all.
 */
import type { ServerResponse } from "node:http";
import { SpotfoldError } from "../../shared/errors.ts";

/** More than that make a header that proxies refuse. */
const originsMax = 50;
/**
 * A scheme, a host by name or number, and a port: nothing that ends a directive of a policy, no wildcard. An IPv6 address is no host of
 * a policy: browsers would pass over it.
 */
const originPattern = /^https?:\/\/[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?::\d{1,5})?$/;

/** As browsers write origins. Throws `usage` for what is none. */
export function frameOrigins(given: readonly string[]): readonly string[] {
  if (given.length > originsMax) {
    throw new SpotfoldError(
      "usage",
      `--allow-frames: ${given.length} origins, and at most ${originsMax} fit a header`,
      {
        hint: "Put the pages behind one name, or let a proxy in front of serve send the header.",
      },
    );
  }
  return [...new Set(given.map(originOf))];
}

function originOf(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : null;
  const isBare = url !== null && url.href === `${url.origin}/`;
  if (url !== null && isBare && originPattern.test(url.origin)) return url.origin;
  if (isBare && url.hostname.startsWith("[")) {
    throw new SpotfoldError("usage", `--allow-frames ${given}: a policy of browsers has no IPv6 addresses`, {
      hint: "Give the host a name, and name that: http://localhost:8000, https://example.org.",
    });
  }
  throw new SpotfoldError("usage", `--allow-frames ${given}: not an origin`, {
    hint: "An origin is a scheme, a host and, where it is not the scheme's own, a port: https://example.org, http://10.0.0.5:8000.",
  });
}

/** Of a published page. `X-Frame-Options` knows no list of origins: browsers of today go by the policy. */
export function allowFrames(response: ServerResponse, policy: string, origins: readonly string[]): void {
  response.setHeader("Content-Security-Policy", `${policy}; frame-ancestors ${["'self'", ...origins].join(" ")}`);
  if (origins.length === 0) response.setHeader("X-Frame-Options", "SAMEORIGIN");
  else response.removeHeader("X-Frame-Options");
}
