"""Signed mail that hides its content in the signature (opaque S/MIME, RFC 8551), unwrapped (docs/mail.md rule 35)."""

from helpdesk.intake.parser.guard import attempt

KINDS = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})


def content_of(data: bytes) -> bytes | None:
    """Return the MIME part that was signed; None when this is encrypted, no signature, or not readable.

    Nothing is verified: whoever shows the content has to say so.
    """
    return attempt(_content, data)


def _content(data: bytes) -> bytes | None:
    from asn1crypto.cms import ContentInfo  # noqa: PLC0415 - few mails need it

    envelope = ContentInfo.load(data)
    if envelope["content_type"].native != "signed_data":
        return None
    content = envelope["content"]["encap_content_info"]["content"].native
    return content if isinstance(content, bytes) and content else None
