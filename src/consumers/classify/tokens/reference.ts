import type { Topic } from '../topic.ts';

/** Documentation and help. */
export const REFERENCE: readonly Topic[] = [
  {
    name: 'docs',
    words:
      'docs doc documentation documentations developerdocs devdocs apidocs apidoc apidocumentation apireference apiguide apihelp apidocumentation reference manual manuals handbook handbuch userguide usermanual usersguide developerguide adminguide installguide quickstart quickstartguide integrationguide startguide setupguide dokumentation dokumentacja dokumentace dokumentaatio documentacion documentacao documentazione documentatie bedienungsanleitung anleitung javadoc swagger openapi redoc rfc spec specs specification techdocs man refman cookbook',
    page: { documentation: 5 },
    section: { documentation: 5 },
    host: { documentation: 5 },
    hostRoot: { documentation: 10 },
    context: 'reference',
  },
  {
    name: 'developers',
    words:
      'developer developers dev devs devcenter developerportal devportal developerzone developercenter fordevelopers entwickler desarrolladores desenvolvedores developpeurs apiportal',
    page: { documentation: 4 },
    section: { documentation: 3.4 },
    host: { documentation: 3.6 },
    hostRoot: { documentation: 9 },
  },
  {
    name: 'api',
    words:
      'api apis api1 api2 api3 apiv1 apiv2 apiv3 apiv4 rest restapi webservice webservices sdk sdks graphql restful openapi',
    page: { documentation: 3.6 },
    section: { documentation: 4.2 },
    host: { documentation: 2.2 },
    hostRoot: { documentation: 8 },
    title: { documentation: 0.8 },
  },
  {
    name: 'changelog',
    words:
      'changelog changelogs changes releasenotes releasenote releases release whatsnew versionhistory versions roadmap updates notasdelanzamiento historyofchanges history-of-versions',
    page: { documentation: 5.4 },
    section: { documentation: 3.6 },
    hostRoot: { documentation: 7 },
    firm: true,
  },
  {
    name: 'support',
    words:
      'support helpcenter helpcentre help helpdesk hc knowledgebase knowledge kb supportcenter supportcentre customersupport customerservice customercare customerhelp answers answer servicedesk clientarea ' +
      'hilfe hilfecenter kundenservice kundendienst hilfebereich aide centredaide assistance serviceclient ayuda centrodeayuda soporte atencionalcliente ajuda centraldeajuda suporte atendimento assistenza aiuto servizioclienti supporto hjalp hjelp hjaelp kundeservice kundservice kundtjanst tuki asiakaspalvelu ohje pomoc wsparcie napoveda podpora pomoctechniczna segitseg ugyfelszolgalat ajutor yardim destek bantuan hotro trogiup pomosch pomoshch podderzhka помощь поддержка справка ヘルプ サポート 帮助 帮助中心 고객센터 도움말 مساعدة الدعم klantenservice',
    page: { support: 5 },
    section: { support: 4.6 },
    host: { support: 5.2 },
    hostRoot: { support: 10 },
    context: 'reference',
  },
  {
    name: 'faq',
    words:
      'faq faqs faqssite fragen haeufigefragen haufigefragen frequentlyaskedquestions preguntasfrecuentes perguntasfrequentes questionsfrequentes foireauxquestions domandefrequenti veelgesteldevragen vanligafragor pytania gyik intrebarifrecvente sss sikcasorulansorular вопросы よくある質問 常见问题 자주묻는질문 qna qa',
    page: { support: 5 },
    section: { support: 4 },
    host: { support: 4 },
    hostRoot: { support: 9 },
    firm: true,
  },
  {
    name: 'ticket',
    words:
      'requestsnew requests servicerequest requestservice supportrequest submitticket submitaticket openticket supportticket tickets-new submitrequest troubleshooting troubleshoot howdoi howcani feedback serviceticket bugreport reportabug reportaproblem reportproblem reportabuse complaints reklamation',
    page: { support: 3.6 },
    section: { support: 2.4 },
  },
  {
    name: 'delivery',
    words:
      'shipping shippingpolicy shippinginfo delivery deliveryinformation deliveryinfo returns returnspolicy returnpolicy returnsandrefunds shippingreturns shippingandreturns deliveryandreturns warranty garantie payment paymentmethods paymentoptions orderstatus trackorder tracking trackmyorder sizeguide sizechart versand versandkosten lieferung versandundzahlung retoure rueckgabe zahlungsarten zahlung livraison retours expedition envio envios devoluciones entrega frete trocasedevolucoes spedizione spedizioni resi verzending retourneren bezorging frakt leverans levering toimitus dostawa zwroty doprava dopravaaplatba szallitas livrare teslimat iade pengiriman giaohang доставка оплата 配送 送料',
    page: { support: 4 },
    section: { support: 2 },
  },
];
