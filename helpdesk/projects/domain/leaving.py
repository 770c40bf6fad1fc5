"""What leaves a plan together, and which links that tears. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence


def with_all_below(parents: Mapping[int, int | None], task_id: int) -> list[int]:
    """Return a task and all tasks below it, each after the one above; ``parents`` names the task above each.

    Those of one parent come in the order of ``parents``. With 2 and 3 below 1 and 4 below 2: 1, 2, 4, 3. Tasks that
    hang in a circle are walked once.
    """
    children: dict[int, list[int]] = {}
    for child, parent in parents.items():
        if parent is not None:
            children.setdefault(parent, []).append(child)
    found: dict[int, None] = {}
    waiting = [task_id]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found[each] = None
            waiting.extend(reversed(children.get(each, [])))
    return list(found)


def torn(links: Iterable[Sequence[int]], going: Collection[int]) -> list[int]:
    """Return the ids of links of which one end goes and the other stays; each is (id, predecessor, successor)."""
    return [link for link, before, after in links if (before in going) != (after in going)]
