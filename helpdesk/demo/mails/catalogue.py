"""All sample mails in the order of their delivery: what is answered comes before its answer."""

from helpdesk.demo.mails import blueheron, harrow, kuehn, oliveira, others, verdant
from helpdesk.demo.mails.compose import Letter, SampleMail, sample

CLIENT_LETTERS: tuple[Letter, ...] = (
    *(kuehn.PRINTER, kuehn.VPN, kuehn.BACKUP, kuehn.UMLAUTS, kuehn.LEAVER, kuehn.PRINTER_REPLY, kuehn.VPN_REPLY),
    *(blueheron.UPLOAD, blueheron.TABLETS, blueheron.DOUBLES, blueheron.CALENDAR, blueheron.BADGES),
    *(blueheron.UPLOAD_REPLY, blueheron.DOUBLES_REPLY),
    *(harrow.STARTER, harrow.COMPARE, harrow.SCANS, harrow.RETENTION, harrow.STARTER_REPLY),
    *(oliveira.SCANNERS, oliveira.INVOICES, oliveira.ROUTES, oliveira.PORTAL, oliveira.SCANNERS_REPLY),
    *(verdant.LABELS, verdant.CLOCK, verdant.COLD_STORE, verdant.SHARED_MAILBOX, verdant.LABELS_REPLY),
)


def _of_a_client(letter: Letter) -> SampleMail:
    return sample(letter, expect="reply" if letter.answers else "ticket", client=letter.domain)


SAMPLE_MAILS: tuple[SampleMail, ...] = (
    *(_of_a_client(letter) for letter in sorted(CLIENT_LETTERS, key=lambda letter: -letter.minutes_ago)),
    sample(others.STRANGER, expect="ticket", client=None),
    others.AWAY,
    others.WEEKLY,
    others.BOUNCE,
    others.twice(_of_a_client(oliveira.ROUTES)),
)
