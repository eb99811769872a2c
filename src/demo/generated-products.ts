import { Faker, base, en } from '@faker-js/faker';
import type { Product } from '../consumers/upsert/items.ts';
import { createSeededRandom, type SeededRandom } from './seeded-random.ts';

/** Enough brands that many rows share one, few enough that each is met in several spellings. */
const BRANDS = 400;
const START = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;

const COLOURS = [
  'Black',
  'White',
  'Red',
  'Light Pink',
  'LightPink',
  'GREY',
  'Grey & White',
  'Multicolor',
] as const;
const FITS = ['Regular', 'Slim Fit', 'regular fit', 'NA', 'Generic'] as const;
const NON_LATIN = [
  'Шёлковый шарф',
  'コーヒーマグ',
  '手机壳',
  'कॉटन कुर्ता',
  'مصباح مكتب',
  'Θήκη κινητού',
] as const;
const LEGAL = ['Inc.', 'Ltd', 'Pvt Ltd', 'GmbH', 'LLC'] as const;
const LONG_FORMS = ['International', 'Technology', 'Lifestyle'] as const;
const TREES = [
  ['Clothing', "Women's Clothing", 'Western Wear', 'Dresses & Skirts', 'Dresses'],
  ['Clothing', "Men's Clothing", 'T-Shirts'],
  ['Jewellery', 'Necklaces & Chains', 'Necklaces'],
  ['Cell Phones', 'Cell Phone Accessories', 'iPhone Accessories', 'iPhone Cases & Clips', 'iPhone 6s Cases'],
  ['Automotive', 'Accessories & Spare parts', 'Car Interior & Exterior', 'Car Interior', 'Car Mats'],
  ['Home Decor & Festive Needs', 'Showpieces'],
  ['Footwear', "Kids' & Infant Footwear", 'For Boys', 'Sports Shoes'],
  ['Kitchen & Dining', 'Cookware', 'Pots & Pans', 'Woks & Kadhais'],
  ['Computers', 'Laptop Accessories', 'Batteries'],
] as const satisfies readonly (readonly [string, ...string[]])[];

/**
 * Generates `count` products that are as untidy as shops' own: brands in several spellings, with
 * trade-mark signs, broken bytes and legal forms, colours and fits in their place, paths that are too
 * deep and end in the product's name, missing values, names in other scripts. A seed gives the same rows
 * always; the first rows of a longer run are those of a shorter one.
 */
export function* generateProducts(count: number, seed: number): Generator<Product> {
  const random = createSeededRandom(seed);
  const faker = new Faker({ locale: [en, base] });
  faker.seed(seed);
  const brands = Array.from({ length: BRANDS }, () => brandName(faker));
  for (let i = 0; i < count; i++) yield product(i, random, faker, brands);
}

function brandName(faker: Faker): string {
  const [first, second] = [faker.company.name().split(/[\s,-]/)[0] ?? 'Acme', faker.word.noun()];
  return `${first} ${second.charAt(0).toUpperCase()}${second.slice(1)}`;
}

function product(i: number, random: SeededRandom, faker: Faker, brands: readonly string[]): Product {
  const brand = brands[random.below(brands.length)] ?? 'Acme';
  const nonLatin = random.next() < 0.03;
  const name = nonLatin ? `${random.pick(NON_LATIN)} ${i}` : `${brand} ${faker.commerce.productName()}`;
  return {
    sku: `SKU-${String(i + 1).padStart(8, '0')}`,
    name,
    manufacturer: manufacturer(brand, random),
    category_path: categoryPath(brand, name, random),
    description: random.next() < 0.1 ? null : faker.commerce.productDescription(),
    image_url: random.next() < 0.08 ? null : `https://images.example.com/${i + 1}.jpg`,
    price: random.next() < 0.01 ? null : (1 + random.below(200_000) / 100).toFixed(2),
    currency: random.next() < 0.5 ? 'USD' : 'INR',
    availability: random.next() < 0.2 ? null : random.pick(['in stock', 'out of stock', 'preorder']),
    updated_at: new Date(START + i * MINUTE_MS).toISOString(),
  };
}

function manufacturer(brand: string, random: SeededRandom): string | null {
  const draw = random.next();
  if (draw < 0.15) return null;
  if (draw < 0.2) return random.pick(COLOURS);
  if (draw < 0.23) return random.pick(FITS);
  const spell = random.pick<(text: string) => string>([
    (text) => text,
    (text) => text,
    (text) => text,
    (text) => text.toUpperCase(),
    (text) => text.replaceAll(' ', ''),
    (text) => text.replaceAll(' ', '-'),
    (text) => `${text}™`,
    (text) => `${text}\u0099`,
    (text) => `\u00a0${text}`,
    (text) => `${text} ${random.pick(LEGAL)}`,
    (text) => `${text} ${random.pick(LONG_FORMS)}`,
  ]);
  return spell(brand);
}

function categoryPath(brand: string, name: string, random: SeededRandom): string {
  const tree: readonly string[] = TREES[random.below(TREES.length)] ?? TREES[0];
  const leaf = tree.at(-1) ?? '';
  const levels = [...tree];
  if (random.next() < 0.4) levels.push(`${brand} ${leaf}`);
  if (random.next() < 0.35) levels.push(name.length > 47 ? `${name.slice(0, 47)}...` : name);
  if (random.next() < 0.01) return JSON.stringify([name]);
  const write = random.pick<() => string>([
    () => JSON.stringify([levels.join(' >> ')]),
    () => JSON.stringify(levels),
    () => levels.join(' > '),
  ]);
  return write();
}
