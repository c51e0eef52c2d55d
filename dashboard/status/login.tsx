/** Asks for the server's token. It is sent once, in the body of a request; what is kept is a cookie that scripts cannot read. */
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { logIn } from "./ask.ts";
import { isFocusFree } from "./focus-on.tsx";
import { agoText } from "./words.ts";

interface Input {
  readonly onDone: () => void;
  /** How old what is shown below is, ms; null: nothing is. */
  readonly shownMs: number | null;
}

export function Login({ onDone, shownMs }: Input): VNode {
  const [token, setToken] = useState("");
  const [said, say] = useState("");
  const [isAsking, setIsAsking] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  // It comes unasked: who is typing something below goes on.
  useEffect(() => {
    if (isFocusFree()) field.current?.focus();
  }, []);
  const submit = async (): Promise<void> => {
    setIsAsking(true);
    say("");
    const taken = await logIn(async (path, init) => await fetch(path, init), token);
    setIsAsking(false);
    if (taken !== true) {
      field.current?.select();
      field.current?.focus();
      return say(taken === false ? "That is not the token of this server." : taken);
    }
    setToken("");
    onDone();
  };
  return (
    <form
      class="notice login"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isAsking) void submit();
      }}
    >
      <h2>This page needs a token</h2>
      <p>
        It is the first line of the file that the server was given with --token-file. Without one, the command printed
        it when it started.
      </p>
      {shownMs !== null && (
        <p>What is below stays as it was {agoText(shownMs)}, with all that you typed. Nothing is done until then.</p>
      )}
      <label for="token">Token</label>
      <div class="row">
        <input
          id="token"
          ref={field}
          type="password"
          autocomplete="current-password"
          required
          value={token}
          aria-invalid={said !== ""}
          aria-describedby="token-said"
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <button type="submit" aria-disabled={isAsking}>
          {isAsking ? "Asking …" : "Show status"}
        </button>
      </div>
      <p id="token-said" class="said" role="alert">
        {said}
      </p>
    </form>
  );
}
