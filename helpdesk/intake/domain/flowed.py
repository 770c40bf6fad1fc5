"""Text whose lines a mail program broke only to send it, put together again (RFC 3676; docs/desk.md rule 126)."""

_SIGNATURE = "-- "


def unflowed(text: str, *, deletes_space: bool = False) -> str:
    """Return text that was sent as ``format=flowed`` with one line for each paragraph.

    A line that ends with a space goes on in the next one, as deep in quotes as it. An empty line and that of a
    signature (section 4.3) stay alone. A space before a line is taken off, for it was put there (4.4), and with
    ``deletes_space`` (``delsp=yes``, for scripts that know no spaces) so is that at the end.
    """
    paragraphs: list[list[str]] = []
    goes_on_at = -1  # as deep in quotes as the line before is, where that goes on
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        words = line[depth:].removeprefix(" ")
        is_signature = words == _SIGNATURE
        is_flowed = words.endswith(" ") and not is_signature
        said = words[:-1] if is_flowed and deletes_space else words
        if goes_on_at == depth and words and not is_signature:
            paragraphs[-1].append(said)
        else:
            paragraphs.append([f"{'>' * depth} {said}" if depth else said])
        goes_on_at = depth if is_flowed else -1
    return "\n".join("".join(pieces) for pieces in paragraphs)
