/** A row of the demo's source table `public.products`; every column is text, as feeds deliver it. */
export interface DemoProduct {
  readonly sku: string;
  readonly name: string | null;
  readonly manufacturer: string | null;
  /** One text in whatever form the feed has: `["A >> B >> C"]`, `["A","B"]`, "A > B", "A/B". */
  readonly category_path: string | null;
  readonly description: string | null;
  readonly image_url: string | null;
  /** Plain decimal. */
  readonly price: string | null;
  /** ISO 4217. */
  readonly currency: string | null;
  readonly availability: string | null;
  /** ISO 8601 in UTC; null where the feed has no time of its own. */
  readonly updated_at: string | null;
}

/** The table's columns in the order of `DemoProduct`, the key first. */
export const PRODUCT_COLUMNS = [
  'sku',
  'name',
  'manufacturer',
  'category_path',
  'description',
  'image_url',
  'price',
  'currency',
  'availability',
  'updated_at',
] as const satisfies readonly (keyof DemoProduct)[];
