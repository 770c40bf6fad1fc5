"""What mail systems write when they could not deliver, in the languages that turn up."""

import re

SYSTEM_NAMES = re.compile(
    r"mailer[-_.]?daemon|mailerdaemon\S*|mail-daemon|daemon|mdaemon|maildelivery|mail[-_.]delivery\S*"
    r"|mmdf|microsoftexchange[0-9a-f]{6,}|no-?reply-?dsn|double-bounce|bounce-?notification|virus-?scanner",
    re.IGNORECASE,
)
"""Senders that no person uses."""

DOUBTFUL_NAMES = re.compile(
    r"po{1,2}st[-_.]?master|administrator|system\.administrator|null|microsoftexchange\S*|\S*anti-?virus\S*"
    r"|\S*(?:mail|smtp)[-_.]?gateways?\S*|(?:mail|mime)[-_.]?(?:scanner|sweeper|marshal)\S*|content-?filter\S*",
    re.IGNORECASE,
)
"""Senders that mail systems use, and now and then the person who looks after one."""

SUBJECTS = re.compile(
    r"undeliver(?:able|ed)|deliver(?:y|ing)\W+(?:\w+\W+){0,3}?(?:fail|status|problem|delay|report|subsystem|error)"
    r"|fail(?:ed|ure)\W+(?:\w+\W+){0,3}?(?:deliver|notice|notif|mail|message)|failure notice|returned (?:e-?)?mail"
    r"|(?:e-?)?mail failed"
    r"|mail (?:system error|delivery|could not|failure)|could not (?:be )?deliver|not delivered|rejected"
    r"|(?:message|mail|e-mail) (?:status|error|rejected|delayed|you sent)|non[- ]?deliver|delayed mail"
    r"|unable to deliver|user unknown|host unknown"
    r"|unzustellbar|nicht (?:zugestellt|zustellbar)|zustellung (?:\w+ ){0,4}(?:fehlgeschlagen|nicht möglich|verzögert)"
    r"|non remis|non distribuable|échec (?:de |d’|d')\w+|onbestelbaar|niet (?:bezorgd|afgeleverd)"
    r"|no se (?:ha )?(?:pud|pued)|no entregado|mancat[ao] (?:recapito|consegna)|non recapitabile|impossibile recapitare"
    r"|não (?:é possível entregar|entregue|foi entregue)|falha na entrega"
    r"|niedostarcz|nie (?:można|udało się) dostarczyć"
    r"|nedoručiteln|nelze doručit|kunde inte levereras|olevererbar|kan ikke leveres|ikke leveret|ei voida toimittaa"
    r"|teslim edilem|kézbesíthetetlen|nem kézbesíthető|не доставлен|недоставлен|не уда[её]тся доставить"
    r"|δεν (?:παραδόθηκε|ήταν δυνατή η παράδοση)|αποτυχία παράδοσης|nu a (?:putut fi|fost) livrat|nelivrat"
    r"|zustell(?:ungs)?fehler|errores? de entrega|fallo (?:en|de) la entrega|errore di (?:consegna|recapito)"
    r"|bezorging mislukt"
    r"|無法(?:傳遞|傳送|投遞)|无法(?:传递|送达|投递|发送)|未(?:送达|传递)|(?:传输|投递|發送|傳送|递送)失[败敗]|退信"
    r"|配信不[能可]|配信でき|配信に失敗|配達(?:不能|できません)|届きません|送信失敗|エラー|배달되지|전송 실패",
    re.IGNORECASE,
)

FORMULA = re.compile(
    rf"\W{{0,4}}(?:\w{{1,24}}[\]:]\s{{0,3}})?(?:e-?mail |message |your )?(?:{SUBJECTS.pattern})", re.IGNORECASE
)
"""A subject that begins as those of mail systems do: "Undeliverable: …", "[Postmaster] Email Delivery Failure"."""

TEXTS = re.compile(
    r"could ?n[o']t be deliver|cannot be deliver|could not deliver|was not delivered|not been delivered"
    r"|unable to deliver|delivery (?:to the following|has failed|failed|attempt|error)|undeliverable"
    r"|permanent(?:ly)? (?:fatal )?(?:error|fail)|user unknown|unknown user|no such user|mailbox unavailable"
    r"|following address(?:es)? (?:had|failed)|message (?:that )?you sent|will not be delivered"
    r"|returned to sender"
    r"|undelivered|failed to deliver|not yet been deliver|your (?:mail|message)[^\n]{0,60}(?:rejected|returned|failed)"
    r"|konnte (?:leider )?nicht [^\n]{0,60}zugestellt|nicht zugestellt werden|zustellung [^\n]{0,80}fehlgeschlagen"
    r"|n[’']a pas pu être (?:remis|distribué|livré)|n[’']a pu être remis|no se (?:ha podido|pudo) entregar"
    r"|non è stato possibile (?:recapitare|consegnare)|kon niet worden (?:bezorgd|afgeleverd)"
    r"|não (?:pôde|foi possível) (?:ser entregue|entregar)|nie (?:mogła|może) zostać dostarczona"
    r"|не (?:может|могло|было|удалось) (?:быть )?доставлен|配信できません|送信できません|无法(?:送达|投递|传递)",
    re.IGNORECASE,
)

DEAD_HOST_WORDS = re.compile(
    r"(?:host|domain)(?: name)?[^\n.;]{0,60}(?:unknown|not? (?:be )?(?:found|exist|known|valid)|does ?n[o']t exist)"
    r"|(?:unknown|no such|non-?existent|bad destination)[^\n.;]{0,30}(?:host|domain)|name or service not known|nxdomain"
    r"|unrouteable mail domain|domain is not reachable|host \S+ not found|no mx (?:record )?(?:was )?found|null mx"
    r"|\b[\w-]{1,60}\.[a-z]{2,10} does not exist",
    re.IGNORECASE,
)

_GAP = r"(?:[^\n.;]|\.(?=\S)){0,60}"
"""A few words of one sentence; an address may be among them."""

HARD_WORDS = re.compile(
    rf"(?:user|recipient|mailbox|account|address|alias|box)(?: name)?{_GAP}"
    r"(?:unknown|not? (?:be )?(?:found|exist|known|listed|valid|recogni[sz]ed)|does ?n[o']t exist|invalid|no longer)"
    r"|(?:unknown|no such|non-?existent|invalid|no valid|bad destination)[^\n.;]{0,30}"
    r"(?:user|recipient|mailbox|address|account|person|alias)"
    r"|not a (?:valid|known|registered)[^\n.;]{0,20}(?:user|recipient|mailbox|address)|doesn't have a"
    r"|no (?:account|mailbox|user|recipient) (?:here|by|of|with|for) (?:that|this|the)\b|no mailbox here"
    r"|has (?:left|moved)|not listed in|not our customer|user not known|not local|unrouteable"
    r"|recipient address rejected\.?\s*\Z|5\.1\.0 (?:<[^<>\n]{1,100}>:? )?(?:address|recipient) rejected"
    r"|(?:wasn't|was not|couldn't be|could not be) found|550 (?:[^\n]{0,40} )?mailbox unavailable"
    rf"|(?:benutzer|empf(?:ä|ae)nger|adresse|postfach|konto){_GAP}(?:unbekannt|existiert nicht|ung(?:ü|ue)ltig"
    r"|nicht (?:gefunden|vorhanden|bekannt|[^\n.;]{0,40}(?:aufgef(?:ü|ue)hrt|verzeichnet)))"
    rf"|unbekannter? (?:benutzer|empf(?:ä|ae)nger)|(?:utilisateur|destinataire|adresse|compte|bo[iî]te){_GAP}"
    r"(?:inconnue?|n[’' ]existe pas|introuvable|invalide|inexistante?)"
    rf"|(?:usuario|destinatario|direcci[oó]n|buz[oó]n|cuenta){_GAP}"
    r"(?:desconocid[oa]|no existe|no encontrad[oa]|no v[aá]lid[oa]|inv[aá]lid[oa]|inexistente)|no se encontró"
    rf"|(?:utente|destinatario|indirizzo|casella){_GAP}"
    rf"(?:sconosciut[oa]|inesistente|non esiste|non trovat[oa]|non valid[oa])|(?:gebruiker|ontvanger|adres){_GAP}"
    rf"(?:onbekend|bestaat niet|niet gevonden|ongeldig)|(?:usu[aá]rio|endere[cç]o|destinat[aá]rio|conta){_GAP}"
    r"(?:desconhecid|n[aã]o existe|n[aã]o encontrad|inv[aá]lid|inexistente)"
    rf"|(?:u[zż]ytkownik|odbiorca|adres|skrzynka|konto){_GAP}nie istnieje|nieznany (?:u[zż]ytkownik|odbiorca|adres)"
    rf"|nie ma takiego (?:u[zż]ytkownika|adresu|odbiorcy)|(?:u[zž]ivatel|adresa|schr[aá]nka){_GAP}neexistuje"
    r"|пользовател[ья][^\n.;]{0,40}(?:не существует|не найден)|не существует|存在しません|見つかりません|宛先不明"
    r"|不存在|[无無]此用[户戶]|查[无無]此|존재하지"
    rf"|(?:användaren?|mottagaren?|adressen){_GAP}finns inte|okänd (?:användare|mottagare|adress)"
    rf"|(?:brugeren?|brukeren?|modtageren?|mottakeren?|adressen){_GAP}(?:findes|finnes|eksisterer) ikke"
    r"|(?:ukendt|ukjent) (?:bruger|bruker|modtager|mottaker|adresse)|tuntematon (?:vastaanottaja|käyttäjä|osoite)"
    rf"|(?:käyttäjää|vastaanottajaa|osoitetta){_GAP}ei (?:löydy|löytynyt|ole)"
    r"|nincs ilyen (?:felhasználó|cím|postafiók)|ismeretlen (?:felhasználó|cím)"
    rf"|(?:kullanıcı|alıcı|adres){_GAP}(?:bulunamadı|bilinmiyor|mevcut değil)"
    rf"|(?:χρήστης|παραλήπτης|διεύθυνση){_GAP}δεν (?:υπάρχει|βρέθηκε)|άγνωστος (?:χρήστης|παραλήπτης)"
    rf"|(?:користувача?|адресата?|адреса|одержувача?){_GAP}не (?:знайдено|існує)"
    rf"|(?:utilizatorul?|destinatarul?|adresa){_GAP}(?:nu există|nu exista|necunoscut|inexistent)"
    rf"|{DEAD_HOST_WORDS.pattern}",
    re.IGNORECASE,
)

FULL_WORDS = re.compile(
    r"quota|(?:mail)?box[^\n.;]{0,30}full|over ?quota|storage (?:space|limit)|insufficient (?:system )?storage"
    r"|(?:postfach|speicher)[^\n.;]{0,40}voll|bo[iî]te[^\n.;]{0,60}pleine|buz[oó]n[^\n.;]{0,40}lleno"
    r"|casella[^\n.;]{0,40}piena|(?:mailbox|postbus)[^\n.;]{0,30}\bvol\b|caixa[^\n.;]{0,40}cheia|ящик[^\n.;]{0,40}переполнен|容量",
    re.IGNORECASE,
)

DELAY_WORDS = re.compile(
    r"(?:has been|is|was) delayed|delayed (?:mail|\d+ hours)|\(delay(?:ed)?\)|warning message only|still being retried"
    r"|will be retried|not yet been delivered|will keep trying|delivery (?:is )?delayed|temporary failure report"
    r"|attempts? will (?:be )?continue|will continue to (?:try|attempt)|continue to be made"
    r"|verzögert|weiterhin versucht|a été retardé|se ha retrasado|in ritardo|vertraagd|atrasad[ao]|opóźnion",
    re.IGNORECASE,
)

REFUSED_WORDS = re.compile(
    r"spam|black ?list|block(?:ed)? ?list|policy|reputation|virus"
    r"|sender (?:address )?(?:rejected|unknown|not|verify|domain)|spf|dkim|dmarc|authenticat|too (?:large|big|many)"
    r"|relay(?:ing)? (?:access )?denied|(?<!rejected: )access denied|after mail from|rate limit"
    r"|temporar|inactive|disabled|suspended"
    rf"|gr[ae]y ?list|{FULL_WORDS.pattern}",
    re.IGNORECASE,
)

RETURNED_MAIL = re.compile(
    r"^[-\s>*=_]*(?:original message|original mail|this is a copy of|below this line is a copy|message headers follow"
    r"|(?:unsent|returned|undelivered) message|copy of (?:the|your) message|message header|(?:received|return-path):)",
    re.IGNORECASE | re.MULTILINE,
)

LIST_REFUSALS = re.compile(
    r"not (?:a )?(?:member|subscribe[rd])|non-?members?|only members|not allowed to post|closed list"
    r"|not authori[sz]ed to (?:post|send)|message (?:was|has been) rejected|no such list|unknown (?:mailing )?list",
    re.IGNORECASE,
)
LIST_MANAGERS = re.compile(
    r"\S+-(?:admin|owner|bounces?|request|help|ctl|return)|majordomo|listserv\S*|mailman\S*|sympa\S*|ezmlm\S*|fml\S*"
    r"|list-?(?:manager|master|owner|admin)",
    re.IGNORECASE,
)
"""Senders of what programs for mailing lists write by themselves."""
