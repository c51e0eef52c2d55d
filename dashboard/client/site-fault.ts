/** What is wrong with a published file, or with reaching it, in words that can be shown as they are. */

export type SiteFaultCode =
  /** Nobody answered. */
  | "unreachable"
  /** The server answered, and has no such file or does not give it. */
  | "absent"
  /** It has no bytes. */
  | "empty"
  /** It is not JSON to its end. */
  | "damaged"
  /** It is JSON, and not what belongs there. */
  | "unexpected"
  /** It is of a version that this page does not read. */
  | "version";

export class SiteFault extends Error {
  readonly code: SiteFaultCode;
  /** As asked for, relative to the site. */
  readonly file: string;
  /** What may be done about it. */
  readonly hint: string;

  constructor(code: SiteFaultCode, file: string, message: string, hint: string) {
    super(`${file} ${message}`);
    this.name = "SiteFault";
    this.code = code;
    this.file = file;
    this.hint = hint;
  }
}

export const publishAgain = "publish the aggregate again: any run into it does so, and so does a master";

/** For what is JSON and not as it must be; `what` goes on after the file's name. */
export function unexpected(file: string, what: string): SiteFault {
  return new SiteFault("unexpected", file, what, publishAgain);
}
