import type { Topic } from '../topic.ts';

/** Terms, privacy, imprint, conduct, disclosure: legal wherever they stand in the path. */
export const LEGAL: readonly Topic[] = [
  {
    name: 'privacy',
    words:
      'privacy privacypolicy privacynotice privacystatement privacycenter privacycentre dataprivacy dataprotection ' +
      'dataprotectionpolicy gdpr ccpa dsgvo rgpd lgpd dpa dataprocessingagreement dataprocessingaddendum subprocessors personaldata ' +
      'privacyterms termsandprivacy privacyandterms privacyandpolicy privacyfull privacyrights consumerrights donotsell dataprocessing ' +
      'datenschutz datenschutzerklaerung datenschutzerklarung datenschutzhinweise datenschutzinformation ' +
      'confidentialite politiquedeconfidentialite politiqueconfidentialite donneespersonnelles protectiondesdonnees vieprivee ' +
      'privacidad politicadeprivacidad politicaprivacidad avisodeprivacidad protecciondedatos ' +
      'privacidade politicadeprivacidade politicaprivacidade avisodeprivacidade ' +
      'informativaprivacy informativasullaprivacy normativaprivacy privacybeleid privacyverklaring ' +
      'integritetspolicy personuppgifter privatlivspolitik personvern personvernerklaering tietosuoja tietosuojaseloste ' +
      'politykaprywatnosci prywatnosc ochranaosobnichudaju ochranaudaju osobniudaje zasadyochranyosobnichudaju ' +
      'adatvedelem adatkezelesitajekoztato adatkezeles confidentialitate politicadeconfidentialitate gizlilik gizlilikpolitikasi kvkk ' +
      'kebijakanprivasi chinhsachbaomat quyenriengtu konfidencialnost politikakonfidencialnosti politikakonfidentsialnosti ' +
      'конфиденциальность политикаконфиденциальности プライバシー プライバシーポリシー 隐私政策 隐私 개인정보처리방침 سياسةالخصوصية',
    page: { legal: 8 },
    section: { legal: 5 },
    host: { legal: 3.5 },
    hostRoot: { legal: 8 },
    firm: true,
  },
  {
    name: 'terms',
    words:
      'terms tos tou toc termsofservice termsofuse termsandconditions termsconditions generalterms generaltermsandconditions ' +
      'termsuse termsservice conditionsofuse conditionsofsale userterms useragreement serviceagreement masterserviceagreement msa sla serviceterms servicesterms ' +
      'licence license licensing eula licenceagreement licenseagreement enduserlicenseagreement softwarelicense licenses licences termsandpolicies ' +
      'usagepolicy acceptableuse acceptableusepolicy aup fairuse fairusepolicy refundpolicy termssale termsofsale customerterms ' +
      'agb agbs nutzungsbedingungen geschaeftsbedingungen allgemeinegeschaeftsbedingungen lizenzbedingungen widerruf widerrufsbelehrung ' +
      'cgu cgv conditionsgenerales conditionsgeneralesdevente conditionsgeneralesdutilisation conditionsdutilisation ' +
      'terminosycondiciones terminosdeuso condiciones condicionesdeuso condicionesgenerales condicionesdeventa avisolegal terminos ' +
      'termosdeuso termosecondicoes termos condicoesgerais terminiecondizioni terminidiservizio condizionidutilizzo condizionigenerali ' +
      'voorwaarden algemenevoorwaarden gebruiksvoorwaarden villkor anvandarvillkor allmannavillkor vilkar brukervilkar betingelser kayttoehdot ' +
      'regulamin warunkiuzytkowania obchodnipodminky podminky aszf felhasznalasifeltetelek termenisiconditii kullanimkosullari kullanicisozlesmesi ' +
      'syaratdanketentuan dieukhoan dieukhoansudung usloviya polzovatelskoesoglashenie соглашение пользовательскоесоглашение 利用規約 服务条款 用户协议 이용약관',
    page: { legal: 7 },
    section: { legal: 4.5 },
    firm: true,
  },
  {
    name: 'legal',
    words:
      'legal legals legalnotice legalnotices legalinformation legalinfo legalcenter legalhub policies policy compliance regulatory disclaimer ' +
      'accessibilitystatement copyright copyrightpolicy dmca trademark trademarks trademarkpolicy modernslavery modernslaverystatement antislavery patents ' +
      'rechtliches rechtlichehinweise rechtlicherhinweis haftungsausschluss juridique informationslegales legales informacionlegal notelegali juridisch pravniinformace ' +
      'правоваяинформация hukuki yasal yasaluyari prawne informacjeprawne',
    page: { legal: 5 },
    section: { legal: 4.5 },
    host: { legal: 3 },
    hostRoot: { legal: 8 },
    firm: true,
  },
  {
    name: 'imprint',
    words:
      'imprint impressum mentionslegales mentionlegale impressumdatenschutz colofon avisolegal notalegal tiraz impresszum imprintprivacy anbieterkennzeichnung',
    page: { legal: 8 },
    firm: true,
  },
  {
    name: 'cookies',
    words:
      'cookie cookies cookiepolicy cookiespolicy cookienotice cookiestatement cookiesettings cookiepreferences cookieconsent cookierichtlinie politicadecookies politicacookies ' +
      'politiquedecookies politiquecookies chartecookies gestiondescookies cookiebeleid politykacookies kakor evasteet informativacookie cookiepolitik cerezpolitikasi',
    page: { legal: 7 },
    firm: true,
  },
  {
    name: 'conduct',
    words:
      'conduct codeofconduct coc codeofethics ethics verhaltenskodex codedeconduite codigodeconducta codigodeconduta codicedicondotta uppforandekod antiharassment ' +
      'antiharassmentpolicy communityguidelines communityguideline communityrules communitystandards contentpolicy contentguidelines guidelines houserules ' +
      'verhaltensregeln suppliercodeofconduct',
    page: { legal: 9 },
    section: { legal: 3 },
    firm: true,
  },
  {
    name: 'disclosure',
    words:
      'responsibledisclosure responsibledisclosurepolicy vulnerabilitydisclosure vulnerabilitydisclosurepolicy vulnerabilitydisclosureprogram disclosurepolicy vdp ' +
      'vulnerability vulnerabilities vulnerabilityprocess reportvulnerability reportavulnerability vulnerabilityreporting vulnerabilityreport securitypolicy securitydisclosure ' +
      'coordinateddisclosure coordinatedvulnerabilitydisclosure disclosure disclosures bugbounty bugbountyprogram bounty securitytxt reportsecurityissue reportsecurityissues reportasecurityissue ' +
      'securityhalloffame halloffame securityacknowledgements securityacknowledgments securitythanks responsiblevulnerability securityresponse securityreporting psirt productsecurity schwachstellemelden schwachstelle divulgationresponsable divulgacionresponsable responsibledisclosureprogram',
    page: { legal: 7 },
    section: { legal: 4 },
    firm: true,
  },
  {
    name: 'security',
    words:
      'security trust trustcenter trustcentre sicherheit securite seguridad seguranca sicurezza bezpieczenstwo bezpecnost',
    page: { legal: 2.6, auth: 0.6 },
    section: { legal: 2.4, auth: 0.6 },
    host: { legal: 1 },
  },
];
