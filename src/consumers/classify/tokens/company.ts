import type { Topic } from '../topic.ts';

/** The organisation about itself. */
export const COMPANY: readonly Topic[] = [
  {
    name: 'contact',
    words:
      'contact contacts contactus contactform contactsales contactoursales contacttheteam getintouch reachus reachout talktosales talktous talktoanexpert speaktosales contactpage writetous callus contactinformation emailus ' +
      'kontakt kontaktformular kontaktieren kontaktierensieuns nouscontacter contactez contacteznous contacto contactanos contactar contato faleconosco contatti contattaci contatto kontakta kontaktaoss kontaktos kontaktoss otayhteytta yhteystiedot kontakty kapcsolat iletisim bizeulasin hubungi hubungikami kontak lienhe kontakti контакты связаться お問い合わせ 联系我们 문의 اتصلبنا',
    page: { contact: 5.2 },
    section: { contact: 2 },
  },
  {
    name: 'careers',
    words:
      'career careers careerspage jobs job joblist joblistings jobsearch jobopenings jobboard vacancies vacancy openings openpositions opentopositions openroles currentopenings positions workwithus workforus workatus workhere joinus jointheteam joinourteam wearehiring werehiring hiring employment recruiting recruitment recruit internship internships apprenticeships applynow lifeat ' +
      'karriere stellenangebote stellen jobboerse offenestellen ausbildung emploi emplois carriere carrieres recrutement rejoignez rejoigneznous offresdemploi nousrejoindre empleo empleos trabaja trabajaconnosotros trabajeconosotros carreras vagas trabalheconosco carreiras lavoraconnoi lavoro carriera vacatures werkenbij jobba lediga ledigajobb ledigestillinger stillinger tyopaikat avoimetpaikat rekry kariera praca ofertypracy prace volnamista karrier allasok cariere joburi kariyer ishaneleri karir lowongan tuyendung vakansii вакансии карьера 採用 採用情報 招聘 加入我们 채용 وظائف',
    page: { careers: 5.2 },
    section: { careers: 4.2 },
    host: { careers: 4 },
    hostRoot: { careers: 9 },
  },
  {
    name: 'about',
    words:
      'about aboutus aboutme abouttheteam whoweare ourstory ourmission mission missionandvision ourvalues values vision whatwedo whywe ourcompany companyprofile companyinfo aboutcompany history ourhistory heritage locations ourlocations offices leadership leadershipteam management managementteam boardofdirectors board founders organization organisation governance staff ' +
      'historia storia ueberuns uberuns wirueberuns ueber unternehmen unternehmensprofil geschichte ueberblick apropos quisommesnous notrehistoire lentreprise histoire quienessomos sobrenosotros nosotros acercade sobre sobrenos quemsomos empresa acerca chisiamo azienda lanostrastoria storia overons omons wiezijnwij omoss omos meista yritys onas ofirmie onas onas rolunk despre desprenoi hakkimizda kurumsal tentangkami tentang gioithieu oнас okompanii onas о-нас онас окомпании 会社概要 企業情報 关于我们 회사소개 من-نحن مننحن verein unserverein',
    page: { about: 5 },
    section: { about: 1.6 },
    host: { about: 2 },
    hostRoot: { about: 6 },
  },
  {
    name: 'team',
    words:
      'team ourteam theteam meettheteam ourpeople equipe lequipe equipo nuestroequipo elequipo team nossaequipe ilteam hetteam teamet zespol tym csapat echipa ekibimiz команда redaktion redaction crew',
    page: { about: 4 },
    section: { about: 1.5, profile: 1.5 },
  },
  {
    name: 'company',
    words: 'company people corporate corp institutional inside group konzern entreprise companies business',
    page: { about: 2.6 },
    section: { about: 1 },
    host: { about: 0.8 },
    title: {},
    whole: true,
  },
  {
    name: 'press-release',
    words:
      'pressrelease pressreleases newsrelease newsreleases pressreleasesdetails pressreleasedetails mediareleases mediarelease pressestatements pressroom newsroom pressemitteilung pressemitteilungen presseinformationen presseinformation pressemeldung pressemeldungen presse pressearchiv presseportal ' +
      'communiquedepresse communiquesdepresse communiques communique espacepresse salledepresse comunicadosdeprensa comunicados comunicado saladeprensa notasdeprensa notadeprensa prensa saladeimprensa imprensa comunicadosdeimprensa comunicatistampa comunicatostampa areastampa salastampa stampa persbericht persberichten pers pressmeddelanden pressmeddelande pressemeddelelser pressemelding lehdistotiedotteet lehdistotiedote komunikatyprasowe dlaprasy biuroprasowe tiskovezpravy protisk sajto sajtokozlemeny comunicatedepresa basinbultenleri basinbulteni basin siaranpers press-releases プレスリリース ニュースリリース 新闻稿 보도자료 بيانصحفي aktuellemeldungen allemeldungen',
    page: { press: 5 },
    section: { press: 6.5 },
    host: { press: 3.5 },
    hostRoot: { press: 7 },
    context: 'press',
    firm: true,
  },
  {
    name: 'press',
    words:
      'press media mediacenter mediacentre presscenter presscentre presskit mediakit inthenews inthepress pressmedia newsandmedia mediaroom pressoffice pressenews',
    page: { press: 3.6 },
    section: { press: 4.5 },
    host: { press: 1.2 },
    hostRoot: { press: 5 },
    context: 'press',
  },
  {
    name: 'investors',
    words:
      'investors investor investorrelations ir annualreport financials shareholders investoren anlegers sustainability esg csr responsibility impact nachhaltigkeit',
    page: { about: 2, press: 0.6 },
    section: { press: 1, about: 0.8 },
    host: { press: 0.8, about: 1 },
    hostRoot: { about: 2.5 },
  },
];
