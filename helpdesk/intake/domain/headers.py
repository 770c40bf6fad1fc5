"""The headers of one mail as a plain value, decoded and cleaned, topmost first."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Headers:
    """Pairs of name and value in the order of the mail; names compare without regard to case."""

    pairs: tuple[tuple[str, str], ...] = ()
    _values: dict[str, list[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the values by name: a mail is asked for dozens of names."""
        values: dict[str, list[str]] = {}
        for name, value in self.pairs:
            values.setdefault(name.lower(), []).append(value)
        object.__setattr__(self, "_values", values)

    def all(self, name: str) -> tuple[str, ...]:
        """Return the values of every header of that name, topmost first."""
        return tuple(self._values.get(name.lower(), ()))

    def first(self, name: str) -> str:
        """Return the value of the topmost header of that name, or an empty string."""
        return next(iter(self._values.get(name.lower(), ())), "")

    def starting_with(self, prefix: str) -> tuple[str, ...]:
        """Return the names that begin with ``prefix``, each once, in order."""
        wanted = prefix.lower()
        if not any(name.startswith(wanted) for name in self._values):
            return ()
        return tuple(dict.fromkeys(key for key, _ in self.pairs if key.lower().startswith(wanted)))
