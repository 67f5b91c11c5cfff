import type { Role, Roles, SaidColumns } from "../columns.js";
import type { Table } from "../table.js";
import type { Look } from "../text/look.js";

/** A kind of text that ticks come in, a row a line. */
export interface TextFormat {
  readonly name: string;
  /** In a line, for a list of formats. */
  readonly about: string;
  /** Whether a text is one, by its first rows or by the name of its file; not asked where somebody said that it is. */
  fits(look: Look): boolean;
  /** Whether its first line names the columns. */
  isHeaded(look: Look, said: SaidColumns | undefined): boolean;
  /** @throws UnreadableError when it does not hold ticks */
  table(look: Look, said: SaidColumns | undefined): Omit<Table, "format">;
}

/** The names in a header. */
export function namesOf({ rows }: Look): readonly string[] {
  return rows[0] ?? [];
}

export function lowerNames(look: Look): readonly string[] {
  return namesOf(look).map((name) => name.toLowerCase());
}

/** The columns of that role and name, for a format whose names are not known elsewhere. */
export function rolesByName(look: Look, wanted: Readonly<Partial<Record<Role, string>>>): Roles {
  const entries = Object.entries(wanted) as [Role, string][];
  return lowerNames(look).map((name) => entries.find(([, other]) => other === name)?.[0]);
}

/** Whether all rows that are shown have that many fields and pass; a bad one among them is no reason to doubt the others. */
export function mostRows(look: Look, test: (fields: readonly string[]) => boolean): boolean {
  const passed = look.rows.filter(test).length;
  return passed > 0 && passed >= look.rows.length * 0.9;
}

export const isNumber = (text: string | undefined): boolean => /^\d+(?:\.\d+)?$/.test(text ?? "");

export const always = (value: boolean) => () => value;
