/** As much of JSON Schema as docs/formats/status.schema.json uses. A member that it does not name is a flaw, too: it is to be documented. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
}

/** What is wrong, a line each. */
export function flawsOf(schema: Schema, value: unknown, at = "$"): string[] {
  if (schema.anyOf !== undefined) {
    const flaws = schema.anyOf.map((one) => flawsOf(one, value, at));
    return flaws.some((some) => some.length === 0) ? [] : flaws.flat();
  }
  if ("const" in schema) return schema.const === value ? [] : [`${at} is not ${String(schema.const)}`];
  if (schema.enum !== undefined)
    return schema.enum.includes(value) ? [] : [`${at} is none of ${schema.enum.join(", ")}`];
  const types = [schema.type ?? []].flat();
  if (!types.some((type) => isOf(type, value))) return [`${at} is not ${types.join(" or ")}`];
  if (Array.isArray(value)) {
    const { minItems = 0, maxItems = Infinity, items } = schema;
    const isLong = value.length < minItems || value.length > maxItems;
    const below = items === undefined ? [] : value.flatMap((item, index) => flawsOf(items, item, `${at}[${index}]`));
    return isLong ? [`${at} has ${value.length} items`, ...below] : below;
  }
  if (typeof value === "number") return value < (schema.minimum ?? -Infinity) ? [`${at} is ${value}`] : [];
  if (typeof value !== "object" || value === null) return [];
  const { required = [], properties = {} } = schema;
  const absent = required.filter((name) => !Object.hasOwn(value, name)).map((name) => `${at}.${name} is absent`);
  const below = Object.entries(value).flatMap(([name, member]) => {
    const inner = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return inner === undefined ? [`${at}.${name} is not documented`] : flawsOf(inner, member, `${at}.${name}`);
  });
  return [...absent, ...below];
}

function isOf(type: string, value: unknown): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "integer") return Number.isInteger(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === type;
}
