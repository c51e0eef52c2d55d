/** Headers of an answer as the AWS SDK keeps it. Apart from client.ts, so that children that read words of AWS load no SDK. */

/** A header of an SDK response (an output's, or an error's `$response`), by its name in small letters. */
export function headerOf(response: unknown, name: string): string | undefined {
  if (typeof response !== "object" || response === null || !("headers" in response)) return undefined;
  const { headers } = response;
  if (typeof headers !== "object" || headers === null) return undefined;
  const found: unknown = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof found === "string" ? found : undefined;
}
