import type { Topic } from '../topic.ts';

/** Things to learn from, and things to go to. */
export const LEARNING: readonly Topic[] = [
  {
    name: 'resources',
    words:
      'resource resources resourcecenter resourcecentre resourcelibrary resourcehub guide guides buyersguide ultimateguide glossary glossar glossaire glosario glossario terminology dictionary templates template ebook ebooks book books thebook whitepaper whitepapers whitepapersandreports worksheets checklist checklists toolkit toolkits calculator calculators rechner calculateur calculadora infographics infographic reports researchreports library learn learning learningcenter learningcentre academy akademie academia academie accademia university course courses kurse cours curso cursos training tutorial tutorials lessons lesson playbook playbooks cheatsheet cheatsheets primer ressourcen ratgeberbereich ressources recursos risorse bronnen resurser materialy zdroje leitfaden leitfaeden vorlagen vorlage modeles plantillas plantilla modelos modelli sjablonen mallar szablony sablony kaynaklar rehber sumberdaya panduan 用語集 資料 資料ダウンロード ガイド 资源 指南 자료 whattis whatis',
    page: { resource: 4 },
    section: { resource: 5 },
    host: { resource: 2.4 },
    hostRoot: { resource: 3 },
    title: { resource: 1 },
  },
  {
    name: 'research',
    words:
      'research data study studies survey forschung recherche investigacion pesquisa ricerca thesis report',
    page: { resource: 2 },
    section: { resource: 2.6 },
    host: { resource: 1.6 },
    hostRoot: { resource: 1, homepage: 1.5 },
    title: { resource: 1 },
  },
  {
    name: 'publications',
    words:
      'publication publications paper papers abs abstract fullarticle articleabstract preprint preprints manuscript manuscripts thesis theses proceedings anthology pubs dataset datasets opendata journals fulltext publikationen publicaciones doi openaccess',
    page: { resource: 3 },
    section: { resource: 5 },
    title: {},
  },
  {
    name: 'tools',
    words: 'tools freetools toolbox utilities werkzeuge outils herramientas ferramentas strumenti',
    page: { resource: 3 },
    section: { resource: 1.5, other: 1 },
    title: { resource: 0.6 },
    whole: true,
  },
  {
    name: 'event',
    words:
      'event events eventdetails calendar webinar webinars webcast webcasts workshop workshops meetup meetups conference conferences conf summit hackathon roadshow expo tradeshow congress symposium seminar seminars ondemand openhouse livestream agenda schedule programme program speakers speaker sponsors venue veranstaltung veranstaltungen termine termin messe messen evenement evenements agenda eventos evento calendario conferencia conferencias webinarios congreso congresso eventi convegno evenementen evenement evenemang arrangementer arrangement tapahtumat tapahtuma wydarzenia wydarzenie konferencja konferencje szkolenia udalosti akceakce konference esemenyek rendezvenyek evenimente etkinlikler etkinlik acara sukien meropriyatiya мероприятия события конференция イベント セミナー 活动 이벤트 الفعاليات edicion ausgabe',
    page: { event: 4.4 },
    section: { event: 4.4 },
    host: { event: 3 },
    hostRoot: { event: 2.2, homepage: 2 },
    title: { event: 1.2 },
  },
  {
    name: 'convention',
    words: 'con conf edition editions',
    page: { event: 2.5 },
    section: { event: 3 },
    title: {},
    whole: true,
  },
  {
    name: 'cfp',
    words:
      'cfp cfps callforpapers callforproposals callforspeakers callforspeaker callforpresentations callfortalks callforparticipation callforsubmissions callforcontributions callforabstracts papercall submitatalk submitatalkproposal becomeaspeaker speak speakatours appeltalks appelacommunication einreichung charlas ponentes',
    page: { event: 5.5 },
    section: { event: 4.5 },
    host: { event: 5 },
    hostRoot: { event: 8 },
    title: { event: 2 },
    firm: true,
  },
  {
    name: 'tickets',
    words:
      'tickets ticket billets entradas ingressos biglietti bilety jegyek vstupenky biljetter registernow eventregistration',
    page: { event: 3 },
    section: { event: 2 },
    host: { event: 2 },
    hostRoot: { event: 3 },
  },
  {
    name: 'community',
    words:
      'community communities forum forums foro foros foren forumi fora board boards discuss discussion discussions thread threads question questions topicview showthread viewtopic ask groups group getinvolved contribute contributing volunteer participate mitmachen joinourcommunity comunidad comunidade comunita gemeinschaft communaute communaute yhteiso spolecnost topluluk komunitas congdong soobshchestvo форум сообщество フォーラム コミュニティ 社区 论坛 커뮤니티 المجتمع mailinglist mailinglists irc slack discord ambassadors meetupsgroups wishlistideas ideas',
    page: { community: 4 },
    section: { community: 3.8 },
    host: { community: 4 },
    hostRoot: { community: 9 },
    title: { community: 0.8 },
  },
  {
    name: 'author',
    words:
      'author authors autor autoren auteur auteurs autori contributors contributor redacteur autore schrijver skribent forfatter kirjoittaja yazar yazarlar автор profiles profil channel channels creator creators artist artists member members user users u people person speakerprofile expert experts players player athletes company-profile organizations organization companies vendor vendors agency agencies seller sellers',
    page: { profile: 1.2 },
    section: { profile: 3 },
    title: {},
    whole: true,
  },
  {
    name: 'author-page',
    words: 'author authors autor autoren auteur autore yazar автор',
    page: { profile: 1 },
    section: { profile: 3 },
    title: {},
    firm: true,
  },
];
