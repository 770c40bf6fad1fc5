"""From the bytes of a mail to a `ParsedMail`; it never raises on a mail, it warns."""
