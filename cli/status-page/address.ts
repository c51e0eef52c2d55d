/** `--http [HOST:]PORT`: where a daemon serves its status page. */
import { SpotfoldError } from "../../shared/errors.ts";

const hostDefault = "127.0.0.1";
const portMax = 65_535;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `8082`, `0.0.0.0:8082`, `[::]:8082`. Throws `usage`. */
export function addressOf(text: string): Address {
  const [, bracketed, plain, digits = ""] = /^(?:(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):)?(\d{1,5})$/i.exec(text) ?? [];
  const port = digits === "" ? Number.NaN : Number(digits);
  if (port <= portMax) return { host: bracketed ?? plain ?? hostDefault, port };
  throw new SpotfoldError("usage", `--http ${text}: a port is expected, or host:port`, {
    hint: "--http 8082 is this machine alone; --http 0.0.0.0:8082 is every network that it is in, and takes --token-file.",
  });
}
