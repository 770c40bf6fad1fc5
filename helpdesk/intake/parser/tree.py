"""The MIME tree of a mail. Attached mails stay whole: a leaf of bytes, not another tree."""

from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import compat32

_CHUNK_BYTES = 64 * 1024


class Part(Message):
    """A part that hides from the standard library's parser that it holds a mail.

    The parser would take an attached mail apart, and no writer puts one together again byte for byte. Use `kind_of`
    for the true type.
    """

    _payload: object  # where the library keeps it; its own way there replaces bytes that are no ASCII

    def get_content_type(self) -> str:
        """Return the type; that of an attached mail or report is given as a file of no known kind."""
        kind = super().get_content_type()
        return "application/octet-stream" if kind.startswith("message/") else kind

    def bytes_as_sent(self) -> bytes:
        """Return the body of a leaf as it stands in the mail, its transfer encoding not undone."""
        return self._payload.encode("utf-8", "surrogateescape") if isinstance(self._payload, str) else b""


def release(part: Message) -> None:
    """Forget the body of a leaf that has been read: a large file is in memory often enough."""
    part.set_payload("")


def read_tree(raw: bytes) -> Message:
    """Return the MIME tree of the bytes; bytes beyond ASCII stand in it as surrogates, line ends as they came."""
    parser = BytesFeedParser(Part, policy=compat32)
    for start in range(0, len(raw), _CHUNK_BYTES):  # all at once, the library keeps four bytes for each one
        parser.feed(raw[start : start + _CHUNK_BYTES])
    return parser.close()


def kind_of(part: Message) -> str:
    """Return the content type in lower case, without parameters."""
    return Message.get_content_type(part)


def defects_of(message: Message) -> tuple[str, ...]:
    """Return a sentence for each kind of defect that the parser met anywhere in the tree."""
    names = {type(defect).__name__ for part in message.walk() for defect in part.defects}
    return tuple(f"malformed: {name}" for name in sorted(names))
