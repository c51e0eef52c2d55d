/** Text that XML may hold: a name with any other character, even an escaped one, would make a file that no reader takes. Pure. */

/** What is no character of XML 1.0: most control characters, halves of surrogate pairs, U+FFFE and U+FFFF. */
const noXml = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** Each of them becomes U+FFFD, the sign for what cannot be shown. */
export function xmlText(text: string): string {
  return text.replaceAll(noXml, "\ufffd");
}
