/**
 * Logins: a cookie instead of the token, for browsers. Its value is random and says nothing of the token; it is known to this
 * process only, for `sessionMs`. Cookies know no ports, so the port is in the name.
 */
import { randomBytes } from "node:crypto";

/** A working day. */
const sessionMs = 12 * 3_600_000;
/** The oldest goes when there are more. */
const sessionsMax = 100;
const idBytes = 32;

export class Sessions {
  readonly #name: string;
  readonly #now: () => number;
  readonly #endsAt = new Map<string, number>();

  /** `now`: ms, monotonic. */
  constructor(port: number, now: () => number) {
    this.#name = `spotfold-status-${port}`;
    this.#now = now;
  }

  /** The `Set-Cookie` of a new one. */
  begin(): string {
    const id = randomBytes(idBytes).toString("base64url");
    const [oldest] = this.#endsAt.keys();
    if (this.#endsAt.size >= sessionsMax && oldest !== undefined) this.#endsAt.delete(oldest);
    this.#endsAt.set(id, this.#now() + sessionMs);
    return `${this.#name}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${sessionMs / 1000}`;
  }

  /** By the `Cookie` header. An id has 256 random bits: how long it takes to look for it tells nobody anything. */
  knows(cookies: string | undefined): boolean {
    for (const cookie of (cookies ?? "").split(";")) {
      const [name, id = ""] = cookie.trim().split("=", 2);
      const endsAt = name === this.#name ? this.#endsAt.get(id) : undefined;
      if (endsAt !== undefined && this.#now() < endsAt) return true;
    }
    return false;
  }
}
