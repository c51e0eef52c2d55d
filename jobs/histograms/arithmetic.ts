/**
 * Parameters of histogram definitions: a number, or text with arithmetic such as `16 * 1024 * 1024`. The text comes from
 * downloaded files, so it is parsed, never evaluated as code.
 *
 *   sum = product (("+" | "-") product)*     product = factor (("*" | "/" | "//" | "%") factor)*
 *   factor = ("+" | "-") factor | number | "(" sum ")"
 *
 * Names (`JS::gcreason::NUM_TELEMETRY_REASONS`) stay unresolved: the text has no value. Division of whole numbers rounds
 * down and a remainder has the divisor's sign, as in the language (Python 2) that these files were written for.
 */

/** Long enough for every expression that a person writes; keeps the nesting, and so the stack, small. */
const TEXT_LENGTH_MAX = 200;

const TOKEN = /\s*(?:(\d+(?:\.\d*)?|\.\d+)|(\/\/|[-+*/%()]))/y;

/** The value of a parameter, or undefined when it has none: symbolic, malformed, not finite. */
export function evaluate(parameter: unknown): number | undefined {
  if (typeof parameter === "number") return Number.isFinite(parameter) ? parameter : undefined;
  if (typeof parameter !== "string" || parameter.length > TEXT_LENGTH_MAX) return undefined;
  const tokens = tokenize(parameter.trim());
  if (tokens === undefined) return undefined;
  const reader = new Reader(tokens);
  const value = reader.sum();
  return reader.atEnd && Number.isFinite(value) ? value : undefined;
}

function tokenize(text: string): string[] | undefined {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) return undefined;
    tokens.push(match[1] ?? match[2] ?? "");
  }
  return tokens;
}

/** Malformed text gives NaN, which every operation keeps. */
class Reader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  sum(): number {
    let value = this.#product();
    for (let sign = this.#take("+", "-"); sign !== undefined; sign = this.#take("+", "-")) {
      const next = this.#product();
      value = sign === "+" ? value + next : value - next;
    }
    return value;
  }

  #product(): number {
    let value = this.#factor();
    for (let sign = this.#take("*", "/", "//", "%"); sign !== undefined; sign = this.#take("*", "/", "//", "%")) {
      value = combine(value, sign, this.#factor());
    }
    return value;
  }

  #factor(): number {
    const sign = this.#take("+", "-");
    if (sign !== undefined) return sign === "-" ? -this.#factor() : this.#factor();
    if (this.#take("(") !== undefined) {
      const value = this.sum();
      return this.#take(")") === undefined ? NaN : value;
    }
    const token = this.#tokens[this.#at++];
    return token === undefined ? NaN : Number(token);
  }

  #take(...wanted: readonly string[]): string | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined || !wanted.includes(token)) return undefined;
    this.#at++;
    return token;
  }
}

function combine(left: number, sign: string, right: number): number {
  if (sign === "*") return left * right;
  if (sign === "%") return left - right * Math.floor(left / right);
  const whole = sign === "//" || (Number.isInteger(left) && Number.isInteger(right));
  return whole ? Math.floor(left / right) : left / right;
}
