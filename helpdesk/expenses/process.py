"""A receipt that comes in: opened in a process of its own, then stored; no transaction is open meanwhile."""

from helpdesk.expenses.domain.receipts import NewReceipt, shown_name
from helpdesk.expenses.gateway import clean_receipt
from helpdesk.infra.blobs import BlobStore


def receive_receipt(content: bytes, *, name: str, store: BlobStore) -> NewReceipt:
    """Open and store a file, and return what is to become a receipt.

    Raises:
        RuleViolation: it is none; the message names the file and says what to do.
        ExternalFailure: the disk is full or refuses.
    """
    cleaned = clean_receipt(content, name=name)
    return NewReceipt(
        digest=store.put(cleaned.content),
        name=shown_name(name, cleaned.content_type),
        content_type=cleaned.content_type,
        size_bytes=len(cleaned.content),
    )
