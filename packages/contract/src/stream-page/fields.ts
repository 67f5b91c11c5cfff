import type { JsonSchema } from "@fx-ohlc/schemas";
import { code, escaped, rich } from "./html.js";

const REF = "#/components/schemas/";

/** The type of a field in a few words: `"gap"`, `string or null`, `list of WireTick`. */
function typeOf(schema: JsonSchema): string {
  const { $ref, const: only, enum: words, type, items, additionalProperties: values } = schema;
  if (typeof $ref === "string") return $ref.slice(REF.length);
  if (only !== undefined) return JSON.stringify(only);
  if (Array.isArray(words)) return words.map((word) => JSON.stringify(word)).join(" or ");
  if (type === "array") return `list of ${typeOf(Object(items))}`;
  if (type === "object" && typeof values === "object") return `object of ${typeOf(Object(values))}`;
  return Array.isArray(type) ? type.join(" or ") : String(type ?? "anything");
}

/** What a schema says of each of its fields, as a table. */
export function fieldTable({ properties, required }: JsonSchema): string {
  const always = new Set(Array.isArray(required) ? required : []);
  const rows = Object.entries<JsonSchema>(Object(properties)).map(([name, schema]) => {
    const presence = always.has(name) ? "" : ' <i title="not always there">?</i>';
    return `<tr><th scope="row">${code(name)}${presence}</th><td>${escaped(typeOf(schema))}</td><td>${rich(String(schema.description ?? ""))}</td></tr>`;
  });
  return `<table><tbody>${rows.join("\n")}</tbody></table>`;
}

/** The schemas that a message refers to, and those they refer to in turn, by name. */
export function referredBy(schema: JsonSchema, schemas: Readonly<Record<string, JsonSchema>>): Map<string, JsonSchema> {
  const found = new Map<string, JsonSchema>();
  const visit = (text: string): void => {
    for (const [, name = ""] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      const referred = schemas[name];
      if (found.has(name) || referred === undefined) continue;
      found.set(name, referred);
      visit(JSON.stringify(referred));
    }
  };
  visit(JSON.stringify(schema));
  return found;
}
