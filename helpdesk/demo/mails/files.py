"""Small real files for the sample mails: a picture, a page, a log, a table."""

import struct
import zlib
from collections.abc import Callable

Colour = tuple[int, int, int]
WHITE, INK, RED, GREY = (255, 255, 255), (34, 38, 46), (196, 43, 28), (222, 226, 232)


def png(width: int, height: int, colour_at: Callable[[int, int], Colour]) -> bytes:
    """Return a PNG of the colours that ``colour_at`` gives for column and row."""
    rows = b"".join(b"\0" + b"".join(bytes(colour_at(column, row)) for column in range(width)) for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows, 9)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def blank_label() -> bytes:
    """Return the picture of a shipping label on which only the frame was printed."""
    label_columns, label_rows = range(6, 154), range(6, 94)

    def colour_at(column: int, row: int) -> Colour:
        if column not in label_columns or row not in label_rows:
            return GREY
        to_edge = min(
            *(column - label_columns.start, label_columns.stop - 1 - column),
            *(row - label_rows.start, label_rows.stop - 1 - row),
        )
        return INK if to_edge in range(3) else WHITE

    return png(160, 100, colour_at)


def train_ticket() -> bytes:
    """Return the picture of a ticket: a header, lines of print, and the stripes of its code."""

    def colour_at(column: int, row: int) -> Colour:
        if row in range(26):
            return RED
        if row in range(150, 190) and column in range(24, 276):
            return INK if column * column // 7 % 3 else WHITE
        is_text = row % 16 in (5, 6, 7) and row in range(40, 140) and column in range(24, 260 - row)
        return INK if is_text else WHITE

    return png(300, 210, colour_at)


def error_box() -> bytes:
    """Return the picture of a dialogue with a red bar."""

    def colour_at(column: int, row: int) -> Colour:
        if row in range(14):
            return RED
        is_text = row % 14 in (4, 5) and column in range(12, 150 - row)
        return INK if is_text else WHITE

    return png(180, 72, colour_at)


def pdf(*lines: str) -> bytes:
    """Return a PDF of one A4 page with the lines in Helvetica; Latin-1 only."""
    shown = " T* ".join(f"({_escaped(line)}) Tj" for line in lines)
    stream = f"BT /F1 12 Tf 72 770 Td 18 TL {shown} ET".encode("latin-1")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Font << /F1 5 0 R >> >>",
    )
    out, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + head + table + tail


def log(*lines: str) -> bytes:
    """Return a log file as Windows writes one."""
    return "".join(f"{line}\r\n" for line in lines).encode()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
