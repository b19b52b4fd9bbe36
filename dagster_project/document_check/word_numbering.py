"""Works out the paragraph numbers that Word shows but does not store as text."""

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

_MAIN = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DEEPEST = 9


@dataclass(frozen=True)
class _Level:
    form: str
    text: str
    start: int


@dataclass
class WordNumbers:
    """Counts paragraph numbers in the document's order. `styles`: style id -> its numbering. `restarts`: list -> levels that
    start again, though the list shares its numbers with another."""

    lists: dict[str, tuple[str, dict[int, _Level]]]
    styles: dict[str, tuple[str, int]]
    restarts: dict[str, set[int]]
    counts: dict[str, list[int | None]] = field(default_factory=lambda: defaultdict(lambda: [None] * _DEEPEST))

    def next(self, paragraph: Any) -> tuple[str, bool]:
        """A paragraph's number, such as `2.17`, or an empty text; and whether it is a list item."""
        numbering = paragraph.find(f"{_MAIN}pPr/{_MAIN}numPr")
        style = paragraph.find(f"{_MAIN}pPr/{_MAIN}pStyle")
        of_style = self.styles.get(style.get(f"{_MAIN}val"), ("", 0)) if style is not None else ("", 0)
        number = _value(numbering, "numId", of_style[0]) if numbering is not None else of_style[0]
        level = _whole(_value(numbering, "ilvl", str(of_style[1])) if numbering is not None else str(of_style[1]))
        if number not in self.lists or not 0 <= level < _DEEPEST:
            return "", False
        name, levels = self.lists[number]
        own = levels.get(level)
        if own is None or own.form in ("bullet", "none"):
            return "", own is not None and own.form == "bullet"
        counts = self.counts[name]
        if level in self.restarts.get(number, ()):
            self.restarts[number].remove(level)
            counts[level] = None
        before = counts[level]
        counts[level] = own.start if before is None else before + 1
        counts[level + 1 :] = [None] * (_DEEPEST - level - 1)
        for n in range(level):
            if counts[n] is None:
                counts[n] = levels[n].start if n in levels else 1
        text = re.sub(r"%([1-9])", lambda m: str(counts[int(m[1]) - 1] or 0), own.text)
        is_number = own.form == "decimal" and re.fullmatch(r"\d+(?:\.\d+)*\.?", text.strip())
        return (text.strip().rstrip(".") if is_number else ""), not is_number


def word_numbers(numbering: Any | None, styles: Any | None) -> WordNumbers:
    """Read the numbering of a document. `numbering`, `styles`: the elements of these parts, or None."""
    abstract = {a.get(f"{_MAIN}abstractNumId"): _levels(a) for a in _all(numbering, "abstractNum")}
    lists: dict[str, tuple[str, dict[int, _Level]]] = {}
    restarts: dict[str, set[int]] = {}
    for n in _all(numbering, "num"):
        number, name = n.get(f"{_MAIN}numId"), _value(n, "abstractNumId", "")
        levels = dict(abstract.get(name, {}))
        for own_level in n.findall(f"{_MAIN}lvlOverride"):
            levels |= _levels(own_level)
            level = _whole(own_level.get(f"{_MAIN}ilvl", "0"))
            if (start := _value(own_level, "startOverride", "")) and level in levels:
                levels[level] = replace(levels[level], start=_whole(start))
                restarts.setdefault(number, set()).add(level)
        lists[number] = name, levels
    own: dict[str, tuple[str, int]] = {}
    based = {}
    for style in _all(styles, "style"):
        name = style.get(f"{_MAIN}styleId")
        based[name] = _value(style, "basedOn", "")
        numbering = style.find(f"{_MAIN}pPr/{_MAIN}numPr")
        if numbering is not None:
            own[name] = _value(numbering, "numId", ""), _whole(_value(numbering, "ilvl", "0"))
    for name in based:
        above, seen = name, {name}
        while above not in own and based.get(above) and based[above] not in seen:
            above = based[above]
            seen.add(above)
        if above in own:
            own.setdefault(name, own[above])
    return WordNumbers(lists, own, restarts)


def _levels(abstract: Any) -> dict[int, _Level]:
    return {
        _whole(level.get(f"{_MAIN}ilvl", "0")): _Level(
            _value(level, "numFmt", "decimal"), _value(level, "lvlText", ""), _whole(_value(level, "start", "1"))
        )
        for level in abstract.findall(f"{_MAIN}lvl")
    }  # fmt: skip


def _all(part: Any | None, name: str) -> list[Any]:
    return [] if part is None else part.findall(f"{_MAIN}{name}")


def _value(element: Any, name: str, default: str) -> str:
    child = element.find(f"{_MAIN}{name}")
    return default if child is None else str(child.get(f"{_MAIN}val", default))


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,6}", text) else 0
