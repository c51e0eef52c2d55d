/**
 * Asks the server that the page came from. What comes back is of that server, of the same version: its format is checked, its
 * members are not. Texts in it are made visible (visible-names.ts), but for choices, which go back as they came. Never throws; an abort
 * counts as trouble, which nobody is there to see.
 */
import type { Answer } from "./connection.ts";
import type { ActionPlan, ActionRequest, ActionResult, ChoicesDocument } from "./action-document.ts";
import { storeTimeHeader, type AttemptsDocument, type StatusDocument, type StatusError } from "./document.ts";
import { visibleDocument } from "./visible-names.ts";

/** A server that looks at a slow store answers within this, or says why not. */
const askMsMax = 45_000;

export type Fetch = (path: string, init: RequestInit) => Promise<Response>;

/** `etag`: of the document that is known; null: none is. */
export async function askStatus(
  fetch: Fetch,
  etag: string | null,
): Promise<{ readonly answer: Answer; readonly etag: string | null }> {
  const headers: Record<string, string> = etag === null ? {} : { "if-none-match": etag };
  try {
    const response = await fetch("status.json", { headers, cache: "no-store", signal: AbortSignal.timeout(askMsMax) });
    const storeTime = Number(response.headers.get(storeTimeHeader));
    if (response.status === 304) return { answer: { kind: "unchanged", storeTime }, etag };
    if (response.status === 401) return { answer: { kind: "token" }, etag: null };
    if (!response.ok) return { answer: await troubleOf(response), etag };
    const document = visibleDocument((await response.json()) as StatusDocument);
    if (document.format !== 1) {
      const hint = "Reload this page.";
      return { answer: { kind: "trouble", message: "The server is of a newer version than this page.", hint }, etag };
    }
    return { answer: { kind: "document", document, storeTime }, etag: response.headers.get("etag") };
  } catch {
    return { answer: { kind: "trouble", message: "The server does not answer.", hint: null }, etag };
  }
}

async function troubleOf(response: Response): Promise<Extract<Answer, { kind: "trouble" }>> {
  try {
    const { error } = visibleDocument((await response.json()) as StatusError);
    return { kind: "trouble", message: error.message, hint: error.hint };
  } catch {
    return { kind: "trouble", message: `The server answers ${response.status}.`, hint: null };
  }
}

function troubleText({ message, hint }: Extract<Answer, { kind: "trouble" }>): string {
  return hint === null ? message : `${message} ${hint}`;
}

/** A text: why not. */
export async function askAttempts(fetch: Fetch, run: string): Promise<AttemptsDocument | string> {
  try {
    const path = `attempts.json?run=${encodeURIComponent(run)}`;
    const response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(askMsMax) });
    if (!response.ok) return (await troubleOf(response)).message;
    return visibleDocument((await response.json()) as AttemptsDocument);
  } catch {
    return "The server does not answer.";
  }
}

/** A text: why not. */
export async function askChoices(fetch: Fetch): Promise<ChoicesDocument | string> {
  try {
    const response = await fetch("choices.json", { cache: "no-store", signal: AbortSignal.timeout(askMsMax) });
    if (!response.ok) return troubleText(await troubleOf(response));
    return (await response.json()) as ChoicesDocument;
  } catch {
    return "The server does not answer.";
  }
}

/** Whether the token was taken; a text: why it could not be said. */
export async function logIn(fetch: Fetch, token: string): Promise<boolean | string> {
  try {
    const headers = { "content-type": "application/json" };
    const response = await fetch("login", { method: "POST", headers, body: JSON.stringify({ token }) });
    return response.ok ? true : response.status === 401 ? false : (await troubleOf(response)).message;
  } catch {
    return "The server does not answer.";
  }
}

/** `plan` answers with the command and what it would do, `run` executes it. A text: why not. */
export async function askAction<Step extends "plan" | "run">(
  fetch: Fetch,
  step: Step,
  action: ActionRequest,
): Promise<(Step extends "plan" ? ActionPlan : ActionResult) | string> {
  try {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`actions/${step}`, { method: "POST", headers, body: JSON.stringify(action) });
    if (!response.ok) return troubleText(await troubleOf(response));
    return visibleDocument((await response.json()) as Step extends "plan" ? ActionPlan : ActionResult);
  } catch {
    return "The server does not answer.";
  }
}
