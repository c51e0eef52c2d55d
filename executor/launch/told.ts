/** A line of a child's report descriptor as a message. User code may write there too, but does not know the task's token. */

/** Null for what is no message of this task. */
export function told(line: string, token: string): Readonly<Record<string, unknown>> | null {
  try {
    const message: unknown = JSON.parse(line);
    if (typeof message !== "object" || message === null) return null;
    const known = message as Readonly<Record<string, unknown>>;
    return known["token"] === token ? known : null;
  } catch {
    return null;
  }
}
