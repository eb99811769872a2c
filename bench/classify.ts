/**
 * How many URLs the classifier judges in a second of one core: node bench/classify.ts FILE.csv
 * FILE.csv has the columns url and title. CPU time is counted, so that a busy machine doesn't matter much.
 */
import { readFileSync } from 'node:fs';
import { CLASSIFIER_VERSION, PageTypeClassifier } from '../src/consumers/classify/classifier.ts';
import { parseCsv } from '../src/runtime/csv.ts';

const ROUNDS = 5;
const PER_ROUND = 100_000;

const file = process.argv[2];
if (file === undefined) {
  console.error('usage: node bench/classify.ts FILE.csv');
  process.exit(2);
}
const [header, ...records] = parseCsv(readFileSync(file, 'utf8'), file);
const urlColumn = header?.fields.indexOf('url') ?? -1;
const titleColumn = header?.fields.indexOf('title') ?? -1;
if (urlColumn < 0 || titleColumn < 0 || records.length === 0) {
  console.error(`${file} needs the columns url and title, and rows`);
  process.exit(2);
}
const pages = records.map(({ fields }) => ({
  url: fields[urlColumn] ?? '',
  title: fields[titleColumn] ?? '',
}));
const classifier = new PageTypeClassifier();
console.log(`classifier ${CLASSIFIER_VERSION}, ${pages.length} different URLs, node ${process.version}`);
for (let round = 1; round <= ROUNDS; round++) {
  const before = process.cpuUsage();
  const started = performance.now();
  for (let i = 0; i < PER_ROUND; i++) {
    const page = pages[i % pages.length];
    if (page !== undefined) classifier.classify(page);
  }
  const { user, system } = process.cpuUsage(before);
  const cpu = Math.round(PER_ROUND / ((user + system) / 1e6));
  const wall = Math.round(PER_ROUND / ((performance.now() - started) / 1e3));
  console.log(`round ${round}: ${cpu} URLs per CPU second, ${wall} per second of wall clock`);
}
