/**
 * Names of this machine. A page of the web that has its own name point to 127.0.0.1 ("DNS rebinding") is of the same origin
 * as what listens there, for a browser: only the `Host` that it sends tells.
 */

/** Whether only this machine reaches what listens there. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/**
 * Whether a request that came to `bound` may be answered, by its `Host`. Who listens beyond this machine is called by names
 * that only the caller's network knows; all are answered. A client that sends none (HTTP/1.0) is no browser.
 */
export function isOwnHost(header: string | undefined, bound: string): boolean {
  if (header === undefined || !isLoopback(bound)) return true;
  const name = header.toLowerCase().replace(/:\d*$/, "");
  const own = bound.includes(":") ? `[${bound}]` : bound;
  return ["localhost", "127.0.0.1", "[::1]", own.toLowerCase()].includes(name);
}
