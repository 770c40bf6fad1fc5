"""The sample mails of the demo: five clients, a stranger and three machines write to the support desk.

Everything in them is made up. Delivered in the order of ``catalogue.SAMPLE_MAILS``, the 34 mails are

- 23 tickets: Kühn Präzision 5, Blue Heron Clinics 5, Harrow Street Legal 4, Oliveira Logística 4,
  Verdant Foods 4, and 1 from a stranger, for Triage; from 20 different people,
- 7 replies: 2 Kühn (Outlook and Apple, German), 2 Blue Heron (Gmail, English and French), 1 Harrow (Outlook,
  English), 1 Oliveira (Gmail, Portuguese), 1 Verdant (Apple, Spanish),
- 4 ignored: an out-of-office answer, a newsletter, a bounce of a mail that nobody knows, and one mail that is
  delivered a second time.
"""
