import { TEXT_FORMATS } from "./text-formats.js";

/** A format that files are read in, for whoever lists them. */
export interface FormatName {
  readonly name: string;
  readonly about: string;
}

/** Formats that are no lines of fields. */
const OTHERS: readonly FormatName[] = [
  {
    name: "bi5",
    about: "Dukascopy's hours, by their path: EURUSD/2024/00/15/10h_ticks.bi5 (months from 00, or --months from-1)",
  },
  { name: "ndjson", about: "a JSON object a line, with fields named as columns of csv are" },
  { name: "json", about: "a JSON array of such objects, alone or in an object; or an object of arrays" },
  { name: "parquet", about: "Parquet, with columns named as those of csv are" },
];

/** All that `--format` takes and `fx-ticks formats` lists. */
export const FORMATS: readonly FormatName[] = [...TEXT_FORMATS.map(({ name, about }) => ({ name, about })), ...OTHERS];

export const FORMAT_NAMES: readonly string[] = FORMATS.map(({ name }) => name);
