import type { Topic } from '../topic.ts';

/** Shops, downloads, searches, and what only machines read. */
export const COMMERCE: readonly Topic[] = [
  {
    name: 'product',
    words:
      'product productdetail productdetails productpage produkt produktdetail produit producto produto prodotto produkty-detail tuote termek produs urun urunler-detay item items itm dp pd prd pdp sku goods goodsdetail ip listing offersofproduct artikeldetail proddetail showproduct gp asin listings property properties availablehomes floorplans houses homes rooms hotel hotels apps-details tovar товар',
    page: { product: 2.4, feature: 0.8 },
    section: { product: 4.4 },
    context: 'shop',
    host: { product: 1.5 },
    title: { product: 1 },
  },
  {
    name: 'detail',
    words: 'detail details view show display',
    page: {},
    section: { product: 1.2 },
    title: {},
    whole: true,
  },
  {
    name: 'products',
    words:
      'products ourproducts produkte produkter produits productos produtos prodotti producten tuotteet produkty produse urunler produk sanpham produkciya produktsiya продукты товары 製品 商品 产品 제품 المنتجات',
    page: { category: 3, product: 1.5, feature: 1 },
    section: { product: 3.8, category: 0.6 },
    context: 'shop',
    title: { category: 1 },
  },
  {
    name: 'shop',
    words:
      'shop store shopping boutique tienda loja negozio winkel butik kauppa sklep obchod bolt magazin-online magaza toko cuahang магазин ショップ 商店 스토어 onlineshop webshop eshop store-locator',
    page: { category: 3 },
    section: { product: 2, category: 1.6 },
    host: { product: 2, category: 1 },
    hostRoot: { homepage: 3, category: 1 },
    title: { category: 0.6 },
  },
  {
    name: 'collection',
    words:
      'collection collections c productcategory productcategories productkategorie produktkategorie categoriaproducto categoriaproduto categorieproduit browse department departments brand brands marken marque marques marcas marca marche sortiment assortiment gamme range dept subcategory bestsellers bestseller masvendidos newarrivals newin neuheiten nouveautes novedades-productos allproducts newproducts clearance outlet men women kids herren damen homesforsale forsale zip county counties cities schooldistricts directory listings-all  カテゴリー 分类',
    page: { category: 3.6 },
    section: { category: 3.4 },
    host: { category: 1 },
    title: { category: 1.4 },
  },
  {
    name: 'catalog',
    words: 'catalog catalogue katalog catalogo catalogus katalogi каталог catalogonline onlinecatalogue',
    page: { category: 3.4 },
    section: { product: 2.4, category: 2 },
    context: 'shop',
  },
  {
    name: 'download',
    words:
      'download downloads downloading downloadcenter downloadcentre getapp installer install installation herunterladen telechargement telechargements telecharger descargar descarga descargas baixar scaricare scarica downloaden nedladdning ladda-ner laddaner lataa pobierz stazeni stahnout ke-stazeni kestazeni letoltes letoltesek descarca indir unduh taixuong skachat скачать загрузки ダウンロード 下载 다운로드 تحميل dl binaries files',
    page: { download: 4.8 },
    section: { download: 4 },
    host: { download: 3 },
    hostRoot: { download: 8 },
    title: { download: 1.4 },
  },
  {
    name: 'search',
    words:
      'search searchresults searchresult searchpage advancedsearch sitesearch suche suchen suchergebnisse suchergebnis recherche rechercher resultats buscar busca busqueda pesquisa pesquisar buscador resultados ricerca cerca risultati zoeken zoekresultaten sok sokresultat sog soeg hae haku szukaj wyszukiwanie wyszukaj hledat hledani vyhledavani kereses cautare arama ara cari pencarian timkiem poisk поиск 検索 搜索 검색 بحث find finder results query',
    page: { search: 4.2 },
    section: { search: 3.4 },
    host: { search: 2.5 },
    hostRoot: { homepage: 2, search: 1 },
    title: { search: 0.6 },
  },
  {
    name: 'feed',
    words:
      'feed feeds rss atom rss2 rssfeed opensearch wpjson xmlrpc sitemapxml ical webcal robots favicon graphqlendpoint',
    page: { other: 7.5 },
    section: { other: 5.5 },
    host: { other: 4 },
    firm: true,
  },
  {
    name: 'submit',
    words:
      'submit submityourapp submitanapp submitapp submitastartup submityourstartup submitstartup submission submissions addlisting addyoursite addurl submityourwebsite submitasite submitlink submityoursite suggestasite suggest einreichen proposer enviar',
    page: { other: 4 },
    section: { other: 1.5 },
    title: {},
  },
  {
    name: 'web-tool',
    words:
      'builder generator validator checker converter tester formatter viewer editor encoder decoder minifier grader optimizer playground demoapp simulator analyzer debugger',
    page: { other: 2, resource: 1, feature: 0.6 },
    section: { other: 0.8 },
    title: {},
  },
  {
    name: 'add',
    words: 'add addnew addsite hinzufuegen ajouter anadir agregar adicionar aggiungi toevoegen dodaj pridat',
    page: { other: 2.6 },
    section: { other: 1 },
    title: {},
    whole: true,
  },
  {
    name: 'dashboard',
    words: 'dashboard dashboards',
    page: { other: 2.2, auth: 0.8 },
    section: { auth: 1.3 },
    host: { auth: 1.8, other: 0.3 },
    hostRoot: { auth: 1.6, homepage: 0.8 },
    title: {},
    whole: true,
  },
  {
    name: 'get',
    words: 'get getit getnow obtenir obtener hol-dir',
    page: { download: 1.8, product: 0.6 },
    section: { download: 0.6 },
    title: {},
    whole: true,
  },
  {
    name: 'finance-product',
    words:
      'insurance versicherung versicherungen assurance assurances seguro seguros assicurazione assicurazioni verzekering verzekeringen forsikring forsakring vakuutus ubezpieczenie ubezpieczenia pojisteni biztositas sigorta asuransi baohiem страхование ' +
      'creditcard creditcards kreditkarte kreditkarten cartedecredit tarjetas tarjetasdecredito cartoes cartecredito mortgage mortgages hypothek hypotheken loan loans kredit kredite pret prets prestamos emprestimos prestiti lening leningen savings savingsaccount sparkonto girokonto currentaccount bankaccount bankaccounts broadband mobilfunk',
    page: { category: 1.6, product: 1.8 },
    section: { product: 2.6 },
    title: {},
    whole: true,
  },
  {
    name: 'map',
    words:
      'map maps karte mapa carte mappa kaart status uptime statuspage systemstatus widget embed iframe redirect viewform forms form surveys poll repository repo repos git svn trac bugzilla issues',
    page: { other: 2.6 },
    section: { other: 2 },
    host: { other: 2.8 },
    hostRoot: { other: 7 },
    title: {},
    whole: true,
  },
  {
    name: 'home',
    words:
      'home homepage startseite accueil inicio portada startpagina startsida forside etusivu stronaglowna glowna uvod kezdolap acasa anasayfa beranda trangchu glavnaya главная mainpage hauptseite accueilprincipal paginaprincipal paginaprincipale hoofdpagina huvudsida forsiden etusivu strona_glowna hlavnistrana kezdolap заглавнаястраница メインページ ホーム 首页 الصفحةالرئيسية الرئيسية البوابة 대문 대문페이지',
    page: { homepage: 5 },
    section: {},
    title: { homepage: 1 },
  },
];
