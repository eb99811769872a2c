import { z } from 'zod';

/** A key of any type, as PostgreSQL's text. */
const keyText = z.union([z.string(), z.number(), z.bigint()]).transform(String);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? null);
const ownerText = keyText.nullish().transform((value) => value ?? null);

/** What the pipeline reads of a row of `urls`. Columns that the row does not have yet are NULL. */
export const urlRow = z.object({
  id: keyText,
  account_id: ownerText,
  url: text,
  title: text,
  page_type: text,
  page_type_source: text,
  page_type_version: text,
  page_type_rule: text,
  page_type_inputs: text,
});

/** What it reads of a row of `page_type_patterns`. */
export const patternRow = z.object({
  id: keyText,
  account_id: ownerText,
  pattern: text,
  page_type: text,
  ordinal: z
    .union([z.number(), z.bigint().transform(Number), z.string().transform(Number)])
    .nullish()
    .transform((value) => value ?? 0),
});

export type UrlRow = z.output<typeof urlRow>;
export type PatternRow = z.output<typeof patternRow>;

/** Who gave a value that the pipeline may replace; every other value is a person's or an import's. */
export const CLASSIFIER_SOURCE = 'classifier';
