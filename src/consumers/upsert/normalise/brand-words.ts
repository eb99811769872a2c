/*
 * Word lists of the brand rules. All words are in the folded form of `wordsOf`. They are knowledge
 * about language and trade, not about single brands; what is known about single brands is an alias.
 */
const list = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Colours that nobody sells under: a value made of them alone is no brand. */
export const COLOURS = list(`
  black white red pink purple blue grey gray green yellow orange navy peach gold golden silver beige brown maroon
  magenta turquoise multicolor multicolour multicolored multicoloured multi violet indigo mauve lavender cyan teal
  khaki cream ivory fuchsia burgundy charcoal crimson scarlet mustard melange offwhite`);

/** Words that name a colour here and a brand there; alone they stay undecided. */
export const WEAK_COLOURS = list(`
  skin coffee cherry rust nude aqua rani falsa firozi firozy mehroon nblue mint coral wine chocolate bronze
  amber emerald ruby sapphire olive plum lime lemon salmon tan camel copper rose rainbow assortedcolors anycolor`);

export const COLOUR_MODIFIERS = list(`
  light dark deep neon hot baby sky royal powder bold glossy matte matt vibrant pastel bright pale rouge carrot nile
  metallic dusty electric midnight forest bottle army ocean rose olive wine coffee chocolate cherry mint sea off rust
  turquise lemon`);

/** Fits; "fit" itself may follow any of them. */
export const FITS = list('regular slim skinny fit bootcut loose');
export const FIT_MODIFIERS = list(`
  normal standard smart comfort comfortable relaxed relax realx loose classic tailored custom straight athletic super
  extra trim modern dark tapered ultra`);
export const WEAK_STYLES = list(`
  relaxed trim casual comfort comfortable plus normal standard formal straight tapered party ethnic western printed
  solid plain striped floral checkered checked textured embroidered unisex men women mens womens boys girls kids`);

export const MATERIALS = list(`
  cotton polyester nylon leather silk wool woollen denim linen rayon viscose georgette chiffon crepe velvet satin jute
  plastic rubber metal steel stainlesssteel wood wooden glass ceramic aluminium aluminum brass alloy acrylic silicone
  microfiber lycra spandex fleece canvas suede rexine pu pvc fabric mdf bamboo marble polyresin`);
export const MATERIAL_MODIFIERS = list(
  'pure faux genuine synthetic artificial blend blended mixed solid soft 100 100percent',
);

export const SIZES = list(`
  xs s m l xl xxl xxxl 2xl 3xl 4xl 5xl small medium large extralarge freesize onesize onesizefitsall plussize standardsize
  mini king queen single double`);
export const WEAK_SIZES = list('mini king queen single double large');

export const PATTERNS = list(
  'print printed leopardprint animalprint floralprint polkadot polkadots checks stripes',
);

/** What forms put into a field that must not be empty. */
export const PLACEHOLDERS = list(`
  na nil none null undefined unknown notapplicable notavailable notspecified notset nobrand nonbranded nonbrand unbranded
  generic oem other others various assorted misc miscellaneous test tbd tba xxx brand brandname default noname nobrandname
  nan blank empty notmentioned notdefined donotapply doesnotapply ohnemarke markenlos keinemarke unbekannt sansmarque
  inconnu generique sinmarca generico desconocido senzamarca sconosciuto semmarca desconhecido безбренда нетбренда
  imported handmade 无品牌 無品牌 ノーブランド`);

/** Say what kind of company it is: with or without them it is the same one. */
export const COMPANY_WORDS = new Set(
  list(`
  technology technologies tech international intl lifestyle lifestyles enterprise enterprises industry industries group
  groups global worldwide company corporation brand brands products wireless electronics electric solutions systems
  holdings manufacturing mfg manufacturers official store online designs`),
);

/** Say what the company sells, or where: the same one, unless the rest is an everyday word. */
export const TRADE_WORDS = new Set(
  list(`
  auto automotive creation creations collection collections fashion fashions jewel jewels jewellery jewelry jewellers
  jewelers shoes footwear cosmetics furnishing furnishings furniture apparel apparels garments textile textiles clothing
  handicraft handicrafts export exports impex trader traders trading retail retails mart design boutique studio studios
  trends handlooms toys watches bags gems mats towels appliances computers laboratories labs pharma foods audio`),
);
export const PLACE_WORDS = new Set(
  list(`
  india usa us uk america europe italia italy france germany japan china sweden switzerland paris london milano newyork
  york new deutschland canada australia`),
);

/** Name a line of goods within a brand; sources keep these apart, so the pair is not one brand. */
export const LINE_WORDS = new Set(
  list(`
  home kids kid junior baby mobile prepaid sport sports women woman men man girls boys pro plus active jeans
  originals premium kitchen living office outdoor black signature sub beauty care music pictures`),
);

/** Words with which many unrelated brands begin; a shared one proves nothing. */
export const EVERYDAY_WORDS = new Set(
  list(`
  royal total metro deep ocean lovely magic united home easy joy fly real star sun moon new best smart super happy green
  gold golden silver diamond pearl planet glamour miracle treasure celebration comfort you one first prime classic elite
  galaxy global crystal indian asian urban modern fashion style art power right pure natural fresh perfect quality good
  great big little mini max ultra pro top world city house life lady princess queen king angel baby kids beauty care plus
  amazing awesome general standard national american western eastern northern southern jewel gift craft design creative
  shop mega red blue black white pink orange yellow purple grey brown twin cherry rock apple fit luxury unique`),
);

/** Spelled-out names and everyday short forms of well-known makers: alias knowledge, people's table wins over it. */
export const WELL_KNOWN_ALIASES: readonly (readonly [variant: string, canonical: string])[] = [
  ['Hewlett-Packard', 'HP'],
  ['Hewlett Packard', 'HP'],
  ['Western Digital', 'WD'],
  ['WDC', 'WD'],
  ['General Electric', 'GE'],
  ['Lucky Goldstar', 'LG'],
  ['International Business Machines', 'IBM'],
  ['UAG', 'Urban Armor Gear'],
  ['UCB', 'United Colors of Benetton'],
  ['Benetton', 'United Colors of Benetton'],
  ['Fuji', 'Fujifilm'],
  ['Fuji Film', 'Fujifilm'],
  ['VW', 'Volkswagen'],
  ['Johnson and Johnson', 'Johnson & Johnson'],
  ['J&J', 'Johnson & Johnson'],
  ['D&G', 'Dolce & Gabbana'],
  ['P&G', 'Procter & Gamble'],
  ['M&S', 'Marks & Spencer'],
  ['TNF', 'The North Face'],
  ['YSL', 'Yves Saint Laurent'],
  ['B&O', 'Bang & Olufsen'],
  ['Levi Strauss', "Levi's"],
  ['Research in Motion', 'BlackBerry'],
  ['Mercedes', 'Mercedes-Benz'],
  ['Coke', 'Coca-Cola'],
];

/** Makers whose spelling does not follow from their letters; long ones also catch slips of the pen. */
export const WELL_KNOWN_SPELLINGS = [
  'HP',
  'LG',
  'IBM',
  'ASUS',
  'AT&T',
  'TP-Link',
  'D-Link',
  'Netgear',
  'Linksys',
  'OtterBox',
  'BlackBerry',
  'iBall',
  'Tech21',
  'SanDisk',
  'GoPro',
  'JBL',
  'HTC',
  'ZTE',
  'BLU',
  'RCA',
  'JVC',
  'OXO',
  '3M',
  'Urban Armor Gear',
  'Black & Decker',
  'Hewlett Packard Enterprise',
  'Kate Spade',
  'Michael Kors',
  'Calvin Klein',
  'Tommy Hilfiger',
  'Ralph Lauren',
  'Under Armour',
  'New Balance',
  'Case-Mate',
  'LifeProof',
  'mophie',
  'ZAGG',
  'Belkin',
  'Samsung',
  'Motorola',
  'Toshiba',
  'Panasonic',
  'Philips',
  'Insignia',
  'Rocketfish',
  'Huawei',
  'Lenovo',
  'Logitech',
  'Microsoft',
  'Kingston',
  'Transcend',
  'Micromax',
  'Fujifilm',
  'Volkswagen',
  'Whirlpool',
  'Electrolux',
  'Sennheiser',
  'Skullcandy',
  'Plantronics',
  'Kensington',
  'Maybelline',
  'Prestige',
  'Fastrack',
  'Raymond',
  'Reebok',
  'Adidas',
  'Columbia',
  'Timberland',
  'Samsonite',
  'American Tourister',
  "L'Oréal",
  "Levi's",
  'Mercedes-Benz',
  'Coca-Cola',
  'Yves Saint Laurent',
  'Johnson & Johnson',
  'TomTom',
  'Garmin',
  'The North Face',
  'Bang & Olufsen',
  'K-Swiss',
  "Victoria's Secret",
];
