"""The headers of one mail as a plain value, decoded and cleaned, topmost first."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Headers:
    """Pairs of name and value in the order of the mail; names compare without regard to case."""

    pairs: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> tuple[str, ...]:
        """Return the values of every header of that name, topmost first."""
        wanted = name.lower()
        return tuple(value for key, value in self.pairs if key.lower() == wanted)

    def first(self, name: str) -> str:
        """Return the value of the topmost header of that name, or an empty string."""
        return next(iter(self.all(name)), "")

    def starting_with(self, prefix: str) -> tuple[str, ...]:
        """Return the names that begin with ``prefix``, each once, in order."""
        wanted = prefix.lower()
        return tuple(dict.fromkeys(key for key, _ in self.pairs if key.lower().startswith(wanted)))
