"""What mail systems write when they could not deliver, in the languages that turn up."""

import re

SYSTEM_NAMES = re.compile(
    r"mailer[-_.]?daemon|mailerdaemon\S*|mail-daemon|postmaster|mdaemon|maildelivery|mail[-_.]delivery\S*"
    r"|mmdf|administrator|system\.administrator|microsoftexchange\S*|no-?reply-?dsn|double-bounce"
    r"|bounce-?notification|mailgateway|virus-?scanner|null",
    re.IGNORECASE,
)

SUBJECTS = re.compile(
    r"undeliver(?:able|ed)|deliver(?:y|ing)\W+(?:\w+\W+){0,3}?(?:fail|status|problem|delay|report|subsystem|error)"
    r"|fail(?:ed|ure)\W+(?:\w+\W+){0,3}?(?:deliver|notice|notif|mail|message)|failure notice|returned (?:e-?)?mail"
    r"|(?:e-?)?mail failed"
    r"|mail (?:system error|delivery|could not|failure)|could not (?:be )?deliver|not delivered|rejected"
    r"|(?:message|mail|e-mail) (?:status|error|rejected|delayed|you sent)|non[- ]?deliver|unzustellbar"
    r"|unable to deliver|user unknown|host unknown|onbestelbaar|no se (?:ha )?pud|non remis|échec|mancat[ao]"
    r"|nicht zugestellt|не доставлен|недоставлен|無法傳遞|配信不能|送信失敗|エラー",
    re.IGNORECASE,
)

TEXTS = re.compile(
    r"could ?n[o']t be deliver|cannot be deliver|could not deliver|was not delivered|not been delivered"
    r"|unable to deliver|delivery (?:to the following|has failed|failed|attempt|error)|undeliverable"
    r"|permanent(?:ly)? (?:fatal )?(?:error|fail)|user unknown|unknown user|no such user|mailbox unavailable"
    r"|following address(?:es)? (?:had|failed)|message you sent|will not be delivered|returned to sender"
    r"|undelivered|failed to deliver|your (?:mail|message)[^\n]{0,60}(?:rejected|returned|failed)",
    re.IGNORECASE,
)

HARD_WORDS = re.compile(
    r"(?:user|recipient|mailbox|account|address|alias|box|host|domain)(?: name)?[^\n.;]{0,60}"
    r"(?:unknown|not? (?:be )?(?:found|exist|known|listed|valid)|does ?n[o']t exist|invalid|no longer)"
    r"|(?:unknown|no such|non-?existent|invalid|bad destination)[^\n.;]{0,30}"
    r"(?:user|recipient|mailbox|address|account|host|domain|person|alias)"
    r"|not a (?:valid|known)[^\n.;]{0,20}(?:user|recipient|mailbox|address)|no mailbox here|doesn't have a"
    r"|name or service not known|nxdomain|has (?:left|moved)|not our customer|user not known|not local"
    r"|unrouteable|domain is not reachable|host \S+ not found",
    re.IGNORECASE,
)

REFUSED_WORDS = re.compile(
    r"spam|black ?list|block(?:ed)? ?list|policy|reputation|virus|quota|mailbox (?:is )?full|over ?quota"
    r"|sender (?:address )?(?:rejected|unknown|not|verify|domain)|spf|dkim|dmarc|authenticat|too (?:large|big|many)"
    r"|relay(?:ing)? (?:access )?denied|rate limit|temporar|inactive|disabled|suspended",
    re.IGNORECASE,
)

RETURNED_MAIL = re.compile(
    r"^[-\s>*=_]*(?:original message|original mail|this is a copy of|below this line is a copy|message headers follow"
    r"|(?:unsent|returned|undelivered) message|copy of (?:the|your) message|message header|(?:received|return-path):)",
    re.IGNORECASE | re.MULTILINE,
)
