/**
 * What is read when something was chosen. What was shown before stays until the new is there, so that nothing flickers; an answer
 * that was overtaken by a later choice is dropped.
 */
import { useCallback, useEffect, useState } from "preact/hooks";
import { problemOf, type Problem } from "./source.ts";

export interface Read<Value> {
  /** Of the last choice that could be read; undefined before there is one. */
  readonly value: Value | undefined;
  /** Why the last choice could not be. */
  readonly problem: Problem | null;
  readonly isReading: boolean;
  readonly again: () => void;
}

/** Reads again when `read` is another function: give it the same one for the same choice. Null: nothing to read yet. */
export function useRead<Value>(read: (() => Promise<Value>) | null): Read<Value> {
  const [result, setResult] = useState<{ value: Value | undefined; problem: Problem | null; of: unknown }>({
    value: undefined,
    problem: null,
    of: null,
  });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (read === null) return undefined;
    let isOvertaken = false;
    void read().then(
      (value) => {
        if (!isOvertaken) setResult({ value, problem: null, of: read });
      },
      (error: unknown) => {
        if (!isOvertaken) setResult({ value: undefined, problem: problemOf(error), of: read });
      },
    );
    return () => {
      isOvertaken = true;
    };
  }, [read, tries]);
  const again = useCallback(() => setTries((many) => many + 1), []);
  return { value: result.value, problem: result.problem, isReading: result.of !== read, again };
}
