/** Asks for the server's token. It is sent once, in the body of a request; what is kept is a cookie that scripts cannot read. */
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { logIn } from "./ask.ts";

export function Login({ onDone }: { readonly onDone: () => void }): VNode {
  const [token, setToken] = useState("");
  const [said, say] = useState("");
  const [isAsking, setIsAsking] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  // There is nothing else on the page; and what had the focus may have gone with the data.
  useEffect(() => field.current?.focus(), []);
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
