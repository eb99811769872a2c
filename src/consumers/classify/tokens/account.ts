import type { Topic } from '../topic.ts';

/** The signed-in area and the ways in and out of it. */
export const ACCOUNT: readonly Topic[] = [
  {
    name: 'login',
    words:
      'login logon log-in signin signon sso logout signout logoff oauth oauth2 authorize authenticate authentication auth saml session sessions sessionsnew ' +
      'anmelden anmeldung einloggen connexion seconnecter identification iniciarsesion acceso acceder ingresar ingreso entrar iniciarsessao acessar accedi accesso accesso inloggen aanmelden ' +
      'logga-in loggain logginn logind kirjaudu kirjautuminen zaloguj logowanie prihlaseni prihlasit bejelentkezes autentificare giris girisyap uyegirisi masuk dangnhap vhod voyti вход войти ログイン 登录 로그인 تسجيلالدخول',
    page: { auth: 5.5 },
    section: { auth: 3.5 },
    host: { auth: 3.5 },
    hostRoot: { auth: 9 },
  },
  {
    name: 'signup',
    words:
      'signup register registration join joinnow createaccount newaccount getstarted onboarding enroll subscribe usersnew usersignup activate ' +
      'registrieren registrierung konto-erstellen sinscrire inscription creeruncompte registro registrarse registrate crearcuenta cadastro cadastrese criarconta registrati registrazione ' +
      'registreren registrera rejestracja zarejestruj registrace regisztracio inregistrare kayit kayitol uyeol daftar dangky registratsiya регистрация 新規登録 会員登録 注册 회원가입 التسجيل',
    page: { auth: 3.8 },
    section: { auth: 2.2 },
    host: { auth: 2 },
    hostRoot: { auth: 2 },
  },
  {
    name: 'password',
    words:
      'password passwords passwordreset resetpassword changepassword passwordchange passwordset forgotpassword forgottenpassword lostpassword editpassword updatepassword passwd mailpass recoverpassword pwd accountpassword ' +
      'passwort passwortvergessen passwortaendern motdepasse motdepasseoublie contrasena cambiarcontrasena recuperarcontrasena senha alterarsenha esquecisenha passworddimenticata wachtwoord losenord salasana haslo heslo jelszo parola sifre sifredegistir katasandi matkhau parol пароль',
    page: { auth: 5.5 },
    section: { auth: 3.5 },
  },
  {
    name: 'account',
    words:
      'account accounts myaccount accountsettings accountsetting accountsecurity accountinfo accountinformation accountdetails accountprofile accountmanager accountoverview manageaccount youraccount useraccount customeraccount ' +
      'accountedit editaccount accountbilling billing personalinfo personalinformation personaldetails personalprofile personaldata mydetails updatedetails updateprofile editdetails changeemail personalcenter usercenter membercenter memberinfo membersinfo myinfo myprofile editprofile profileedit userprofile userinfo ' +
      'wishlist myorders orders orderhistory cart basket checkout mycart warenkorb panier carrito carrinho carrello winkelwagen koszyk kosik konto meinkonto kundenkonto benutzerkonto benutzer mein meine compte moncompte espaceclient monespace ' +
      'cuenta micuenta conta minhaconta ilmiotuaccount mioaccount areaclienti areacliente areapersonale perfil miperfil meuperfil mijnaccount mijn mittkonto minasidor minside minside omatili mojekonto mujucet fiokom contulmeu hesabim akun akunsaya taikhoan ' +
      'kabinet lichnyjkabinet lichnyykabinet личныйкабинет マイページ アカウント 我的账户 마이페이지 حسابي الحساب حساب',
    page: { auth: 5 },
    section: { auth: 4.4 },
    host: { auth: 3.5 },
    hostRoot: { auth: 9 },
  },
  {
    name: 'settings',
    words:
      'settings setting preferences usersettings profilesettings myprofilesettings notifications notificationsettings einstellungen parametres reglages ajustes configuracion configuracoes impostazioni instellingen installningar innstillinger indstillinger asetukset ustawienia nastaveni beallitasok setari ayarlar pengaturan nastrojki настройки 設定 设置 설정',
    page: { auth: 4.5 },
    section: { auth: 4 },
  },
  {
    name: 'delete-account',
    words:
      'deleteaccount accountdelete accountdeletion deletemyaccount deleteyouraccount removeaccount accountremoval closeaccount accountclosure deactivate deactivateaccount deactivation accountdeactivation cancelaccount unregister withdraw withdrawal goodbye confirmdelete optout unsubscribe deleteprofile ' +
      'kontoloeschen kontolschen supprimermoncompte supprimercompte eliminarcuenta cancelarcuenta borrarcuenta excluirconta eliminaaccount usunkonto zrusitucet hesapsil hapusakun',
    page: { auth: 5 },
    section: { auth: 3.5 },
  },
  {
    name: 'delete',
    words:
      'delete remove disable close deletion loeschen supprimer eliminar excluir cancel cancellation terminate',
    page: { auth: 2.6 },
  },
  {
    name: 'edit',
    words:
      'edit editar bearbeiten modifier modificar aendern update change wijzigen andra endre muokkaa edytuj upravit',
    page: { auth: 2 },
    section: { auth: 1 },
    title: {},
  },
  {
    name: 'two-factor',
    words:
      '2fa twofactor twofactorauthentication twostepverification 2stepverification mfa multifactor totp tfa securitykeys sessionsdevices apikeys accesstokens',
    page: { auth: 2.4, support: 1.6 },
    section: { auth: 1.6, support: 1.2 },
  },
  {
    name: 'profile',
    words: 'profile profil perfil profilo профиль myprofile',
    page: { auth: 3.6 },
    section: { auth: 1.6, profile: 2.6 },
    title: { profile: 0.5 },
    whole: true,
  },
  {
    name: 'console',
    words:
      'console portal admin wpadmin wplogin panel controlpanel cpanel secure secured members member membership my me user users customer id app webapp memberssl',
    page: { auth: 1.6 },
    section: { auth: 1.3 },
    host: { auth: 1.8, other: 0.3 },
    hostRoot: { auth: 1.6, homepage: 0.8 },
    title: {},
    whole: true,
  },
];
