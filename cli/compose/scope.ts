/** What a command opened is closed in reverse order, whatever happened. A close that fails hides no earlier error. */

export interface Scope {
  opened<Thing>(name: string, thing: Thing, close: (thing: Thing) => Promise<void> | void): Thing;
}

class CommandScope implements Scope {
  readonly #toClose: (() => Promise<void> | void)[] = [];

  opened<Thing>(_name: string, thing: Thing, close: (thing: Thing) => Promise<void> | void): Thing {
    this.#toClose.push(() => close(thing));
    return thing;
  }

  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (let close = this.#toClose.pop(); close !== undefined; close = this.#toClose.pop()) {
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

/** Runs `use` with a scope that is closed afterwards. */
export async function withScope<Result>(use: (scope: Scope) => Promise<Result>): Promise<Result> {
  const scope = new CommandScope();
  let result: Result;
  try {
    result = await use(scope);
  } catch (error) {
    await scope.close().catch(() => undefined);
    throw error;
  }
  await scope.close();
  return result;
}
