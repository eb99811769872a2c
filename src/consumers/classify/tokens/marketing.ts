import type { Topic } from '../topic.ts';

/** What a vendor says to win a buyer, and to keep one. */
export const MARKETING: readonly Topic[] = [
  {
    name: 'pricing',
    words:
      'pricing prices price plansandpricing pricingplans plansprices pricinganddeals subscriptionplans preise preis preisliste tarife tarif tarifs prix precios precio planesyprecios precos preco prezzi prezzo tariffe prijzen tarieven priser pris hinnasto hinnat cennik ceny cenik arak preturi fiyatlar fiyatlandirma harga banggia ceny tseny цены тарифы 価格 料金 料金プラン 价格 定价 요금 الأسعار howmuch fees rates',
    page: { pricing: 5.2 },
    section: { pricing: 4.2 },
    host: { pricing: 2 },
    title: { pricing: 2 },
  },
  {
    name: 'plans',
    words:
      'plans plan planes planos plany editions upgrade subscription subscriptions membership memberships buy buynow',
    page: { pricing: 3 },
    section: { pricing: 1.5 },
    title: {},
    whole: true,
  },
  {
    name: 'trial',
    words:
      'freetrial trial starttrial tryfree tryforfree startfree startfreetrial tryit trynow demo requestdemo requestademo bookademo bookdemo getademo getdemo scheduleademo scheduledemo freedemo livedemo freeconsultation requestaquote getaquote getquote quote testversion kostenlostesten kostenlos essaigratuit pruebagratis testegratis provagratuita probeergratis provgratis',
    page: { landing: 4.4 },
    section: { landing: 3 },
    host: { landing: 2 },
    hostRoot: { landing: 2.5 },
  },
  {
    name: 'campaign',
    words:
      'lp lps landing landingpage landingpages campaign campaigns promo promos promotion promotions offer offers specialoffer specialoffers deal deals discount discounts coupon coupons giveaway sale blackfriday cybermonday referral refer referafriend affiliate affiliates affiliateprogram giftcard giftcards thankyou thanks waitlist earlyaccess invite aktion aktionen angebote angebot gewinnspiel oferta ofertas promocion promociones promocao promocoes offerte aanbiedingen kampagne kampanj kampanjer tarjous akcija promocje akce kampanya kampanyalar akcii forstartups',
    page: { landing: 3.8 },
    section: { landing: 4.2 },
    host: { landing: 2.4 },
    hostRoot: { landing: 2 },
  },
  {
    name: 'compare',
    words:
      'compare comparison comparisons comparing vs versus vergleich vergleichen comparer comparatif comparador comparar comparaison comparacion comparativo confronto vergelijk vergelijken jamfor sammenlign porownaj porownanie srovnani karsilastirma compareto howwecompare competitors',
    page: { comparison: 4.8 },
    section: { comparison: 4.6 },
    title: { comparison: 1.6 },
  },
  {
    name: 'alternatives',
    words:
      'alternative alternatives alternativeto alternativesto alternativen alternativas alternativa alternatieven similar sites-like competitor switchfrom switchingfrom migratefrom migratingfrom wechselnvon',
    page: { comparison: 4.6 },
    section: { comparison: 4.6 },
    title: { comparison: 1.8 },
  },
  {
    name: 'case-study',
    words:
      'casestudy casestudies customerstory customerstories successstory successstories clientstories clientstory customersuccess usersstories caseexample showcase showcases testimonials testimonial kundenstimmen referenzen referenz fallstudie fallstudien kundenreferenzen erfolgsgeschichten anwenderbericht anwenderberichte etudedecas etudesdecas temoignages temoignage casosdeexito casodeexito casosdesucesso casodesucesso casiclienti casistudio casidisuccesso klantverhalen klantcase kundcase kundecases asiakastarinat referencje studiaprzypadkow pripadovestudie referencie referenciak studiidecaz basarihikayeleri 導入事例 事例 客户案例 고객사례',
    page: { case_study: 5 },
    section: { case_study: 5.4 },
    title: { case_study: 2 },
  },
  {
    name: 'customers',
    words:
      'customers ourcustomers clients ourclients clientes clienti kunden klanten kunder klienci client clientele portfolio ourwork references reference-projects',
    page: { case_study: 3.8 },
    section: { case_study: 4.2 },
    host: { case_study: 2.5 },
  },
  {
    name: 'integrations',
    words:
      'integration integrations integrate connectors connector connections connection appmarketplace marketplace appdirectory apps plugins plugin addons addon extensions extension integrationen integraciones integracoes integrazioni integraties integracje integrace entegrasyonlar appstore ecosystem zapier',
    page: { integration: 3.6 },
    section: { integration: 3.6 },
    host: {},
    title: { integration: 2 },
  },
  {
    name: 'integration',
    words:
      'integration integrations integrate connectors integrationen integraciones integracoes integrazioni integraties integracje integrace entegrasyonlar',
    page: { integration: 2 },
    section: { integration: 2 },
    title: { integration: 1.2 },
  },
  {
    name: 'features',
    words:
      'feature features solution solutions usecase usecases industry industries capabilities capability platform platforms functionality howitworks whyus tour producttour overview sectors sector roles verticals benefits services service expertise whatweoffer offerings leistungen loesungen losungen loesung funktionen funktion anwendungsfaelle branchen dienstleistungen plattform fonctionnalites fonctionnalite secteurs solucion soluciones funcionalidades caracteristicas casosdeuso industrias servicios servicio solucoes recursosproduto funcionalidade setores servicos soluzioni funzionalita settori servizi oplossingen functies diensten losningar funktioner branscher tjanster losninger ratkaisut ominaisuudet palvelut rozwiazania funkcje branze uslugi reseni funkce sluzby megoldasok szolgaltatasok solutii servicii cozumler ozellikler hizmetler layanan fitur solusi tinhnang giaiphap dichvu resheniya vozmozhnosti uslugi решения услуги возможности 機能 ソリューション サービス 解决方案 功能 솔루션 기능 서비스 الخدمات for-business enterprise foragencies',
    page: { feature: 3.8 },
    section: { feature: 4.2 },
    title: { feature: 1 },
  },
  {
    name: 'audience',
    words: 'for fuer para voor dla',
    page: {},
    section: { feature: 2.6 },
    title: {},
    whole: true,
  },
  {
    name: 'success',
    words: 'success succes erfolg exito sucesso successo',
    page: {},
    section: { case_study: 2.6 },
    title: {},
    whole: true,
  },
  {
    name: 'product-line',
    words: 'system software tool suite management automation analytics monitoring tracker',
    page: { feature: 1 },
    section: { feature: 0.6 },
    title: {},
  },
];
