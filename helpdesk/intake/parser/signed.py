"""Signed mail that hides its content in the signature (opaque S/MIME, RFC 8551), unwrapped (docs/mail.md rule 35)."""

KINDS = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})


def content_of(data: bytes) -> bytes | None:
    """Return the MIME part that was signed; None when this is encrypted, no signature, or not readable.

    Nothing is verified: whoever shows the content has to say so.
    """
    from asn1crypto.cms import ContentInfo  # noqa: PLC0415 - few mails need it

    try:
        envelope = ContentInfo.load(data)
        if envelope["content_type"].native != "signed_data":
            return None
        content = envelope["content"]["encap_content_info"]["content"].native
    except Exception:  # noqa: BLE001 - the mail quarantine: the library fails on strange bytes in many ways
        return None
    return content if isinstance(content, bytes) and content else None
