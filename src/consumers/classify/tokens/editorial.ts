import type { Topic } from '../topic.ts';

/** Blogs, news, magazines and the lists they make. */
export const EDITORIAL: readonly Topic[] = [
  {
    name: 'blog',
    words:
      'blog blogs weblog techblog engineeringblog blogposts bloggen blogg blogi blogue blogcommunity dwblog journal notes notizen essays diary chronicles ourblog companyblog insights insight perspectives thoughts musings writing writings newsletters newsletter dispatches musing bitacora',
    page: { blog_index: 5.5 },
    section: { article: 5 },
    host: { article: 4.5 },
    hostRoot: { blog_index: 9 },
    title: { blog_index: 1 },
    context: 'editorial',
  },
  {
    name: 'engineering-blog',
    words: 'engineering tech eng engineroom developerblog code devblog techtalk technology',
    page: { blog_index: 1.8 },
    section: { article: 1.5 },
    host: { article: 3 },
    hostRoot: { blog_index: 8 },
    title: {},
  },
  {
    name: 'news',
    words:
      'news latestnews newsandevents companynews newsblog nieuws noticias noticia novidades novedades notizie actualites actualite actu actus aktuelles aktuell nachrichten neuigkeiten meldungen meldung nyheter nyheder nyhet nyhed uutiset uutinen aktualnosci wiadomosci wiadomosc aktuality novinky zpravy hirek hir stiri stire haberler haber berita tintuc novosti novost новости новость новини ニュース お知らせ 新闻 뉴스 اخبار أخبار',
    page: { blog_index: 4.4 },
    section: { article: 4.4 },
    host: { article: 2.6, press: 0.4 },
    hostRoot: { blog_index: 2, homepage: 1.5 },
    title: { blog_index: 0.8 },
    context: 'editorial',
  },
  {
    name: 'article',
    words:
      'article articles artikel artikels artikelen artykuly artykul artigo artigos articulo articulos articolo articoli artikler artikkeli statya stati статьи clanky clanek cikk cikkek makale makaleler story stories feature-story column columns opinion opinions editorial editorials post posts entry entries essay wpcontentpost blogpost read tribune chronique reportage reportagen interview interviews kolumne beitrag beitraege berichte bericht newsdetail newsdetails newsitem noticiadetalle shownews magazine magazin magazyn revista rivista tijdschrift zeitschrift columnists obituaries analysis analyses',
    page: { blog_index: 2.6, article: 1.5 },
    section: { article: 4.6 },
    host: { article: 2 },
    title: {},
    context: 'editorial',
  },
  {
    name: 'desk',
    words:
      'politics politik politica politique polityka world welt international internacional international business wirtschaft gospodarka economy economia economie finance finanzen money sport sports sporten deportes esportes sportart football fussball lifestyle culture kultur cultura culture entertainment espectaculos unterhaltung health gesundheit salud sante travel reise viajes voyage science wissen ciencia food recipes recipe rezepte rezept recette recettes receta recetas ricette ricetta przepis przepisy opskrifter fashion mode beauty celebrity people-news local lokales region regional panorama gesellschaft societe sociedad society environment umwelt tech-news digital netzwelt ratgeber thema themen tests review reviews testberichte tips tipps howto wiki encyclopedia lexikon usnews uknews worldnews podcast podcasts episodes episode video videos chronik inland ausland',
    page: { blog_index: 1.2, article: 0.6 },
    section: { article: 2.2 },
    host: { article: 1 },
    title: {},
    whole: true,
  },
  {
    name: 'tag',
    words:
      'tag tags tagged label labels schlagwort schlagworte etiqueta etiquetas etiquette mot-cle motcle motscles temas tema topic topics sujet sujets stichwort tagi stitek stitky cimke etiket etiketler метка теги hashtag keyword archiveby',
    page: { archive: 2.6 },
    section: { archive: 7 },
    title: {},
    context: 'list',
    firm: true,
  },
  {
    name: 'category',
    words:
      'category categories cat categoria categorias categorie kategorie kategorien kategoria kategori kategoriya категория rubrik rubrique rubriques rubrika ressort seccion',
    page: { category: 2, archive: 1.5 },
    section: { archive: 3.8, category: 2.4 },
    title: {},
    context: 'list',
    firm: true,
  },
  {
    name: 'archive',
    words:
      'archive archives archiv archivo archivos archivio arquivo arquivos archief arkiv arkisto archiwum arsiv архив past previous allposts allarticles latest olderposts recent',
    page: { archive: 4 },
    section: { archive: 1.4, article: 1.4 },
    title: { archive: 1 },
    firm: true,
  },
];
