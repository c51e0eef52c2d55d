/**
 * What user code that must be synchronous answered: nothing, or it goes on. An `async` function answers at its first `await`, types
 * let it pass where nothing is expected, and what it does afterwards would be lost without a word: the process ends.
 */
export function mustBeOver(name: string, answer: unknown): void {
  if (typeof answer === "object" && answer !== null && "then" in answer) {
    throw new Error(`\`${name}\` must not be async: it has answered, and is not done`);
  }
}
