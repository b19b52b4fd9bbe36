"""Finds words of a table's title and labels that make its figures something else: a part, an average, another area or time."""

import re
from calendar import month_abbr

from ..edition_figures import EditionFigures
from ..model import Figure
from ..sentences.averages_and_targets import says_other_kind
from ..sentences.other_places import OWN_AREAS, other_places_of
from ..text.figures_in_text import MONTH
from ..text.periods_in_text import periods_of
from ..text.words import any_of, mentions, named, one_of, simple

_PART_IN_TITLE = one_of("part_in_title")
_NOT_OF_TITLE = re.compile(
    r"\(?(?i:\bsource|\bdata source) ?: ?(?:[^()]*\)|.*$)|\bOFFICIAL(?:[- :]+SENSITIVE)?\b|(?i:\bnot protectively marked)"
    r"|(?i:\bpublic assurance meeting)|\bPAM\b"
)
"""Where the figures are from, who may read them, and where they are discussed."""
_LONGEST_TITLE = 14
"""Words."""
_UNDER_RULES = re.compile(r"\bunder (?:the )?home office (?:counting )?rules\b", re.I)
_PLAIN_IN_TITLE = re.compile(f"{MONTH}|{any_of('plain_in_title')}")
"""Words of a title that leave the figures as they are. Any other may mean a part, or something else."""


def is_of_another(title: str, labels: str, known: str, figure: Figure, edition: EditionFigures) -> bool:
    """Whether a table's title, or a cell's labels, mean another figure than the edition's table. `known`: its title and labels,
    whose own words don't count."""
    text = f"{_UNDER_RULES.sub('', title)} {labels}"
    if any(m[0].lower() not in known.lower() for m in _PART_IN_TITLE.finditer(text)):
        return True
    if says_other_kind(text) and not says_other_kind(known):
        return True
    # `South Derbyshire District Council` is a row of the edition.
    others, their_own = ({m[0] for m in other_places_of(t, edition)} for t in (text, known))
    if figure.area_type in OWN_AREAS and others - their_own:
        return True
    if _marts_named(title) and not {figure.mart, *_marts_named(known)} & _marts_named(title):
        return True
    if _months_named(text) - _months_named(known) - {month_abbr[d.month] for d in (figure.first, figure.last) if d}:
        return True
    return _is_elsewhere(text, known, figure, edition) or _is_at_another_time(title, known, figure, edition)


def tells_part(title: str) -> bool:
    """Whether a table's title has a word that means a part, a rate, an average or a target."""
    return bool(_PART_IN_TITLE.search(title)) or says_other_kind(title)


def is_plain_in_title(word: str) -> bool:
    """Whether a word of a title leaves the figures as they are."""
    return any(_PLAIN_IN_TITLE.fullmatch(w) for w in (word, word.removesuffix("s")))


def unknown_words(title: str, words: str, mart: str, edition: EditionFigures) -> list[str]:
    """The words of a table's title that are neither the edition's, nor names for a measure of the mart, nor plain. `words`: all
    words of the edition's table."""
    # A sentence or a part's heading may say much that is not of the table.
    if title[-1:] in (".", ":") or len(title.split()) > _LONGEST_TITLE:
        return []
    text = _NOT_OF_TITLE.sub(" ", _UNDER_RULES.sub(" ", edition.without_whole(title)))
    low = simple(text)
    for m in mentions(text, text):
        if m.what.startswith(f"{mart}."):
            low = low[: m.start] + " " * (m.end - m.start) + low[m.end :]
    theirs = {w.removesuffix("s") for w in re.findall(r"[a-z]+", simple(words))}

    def is_known(word: str) -> bool:
        return is_plain_in_title(word) or not theirs.isdisjoint((word, word.removesuffix("s")))

    each = ["", *re.findall(r"[a-z]{2,}", low), ""]
    # A narrow column may break words: `Confisca tion`.
    return [
        word for before, word, after in zip(each, each[1:], each[2:], strict=False)
        if not (is_known(word) or is_known(before + word) or is_known(word + after))
    ]  # fmt: skip


def _marts_named(text: str) -> set[str]:
    return {m.what.partition(".")[0] for m in mentions(text, text)}


def _months_named(text: str) -> set[str]:
    """The months of a text, as three letters, but for those of a day or with their year, which are periods."""
    months = "|".join(month_abbr[1:])
    return set(re.findall(rf"(?<!\d )(?<!\d(?:st|nd|rd|th) )\b({months})[a-z]*\b(?!,? '?\d\d)", text))


def _is_elsewhere(text: str, known: str, figure: Figure, edition: EditionFigures) -> bool:
    """Whether title and labels name one area, and the figure is of another that the edition's labels don't name."""
    in_title = {m.what for m in named(edition.without_whole(text), edition.areas_within)}
    return len(in_title) == 1 and figure.area_name not in in_title and not named(known, edition.areas_within)


def _is_at_another_time(title: str, known: str, figure: Figure, edition: EditionFigures) -> bool:
    """Whether the title names periods, none of them the figure's, and no label does."""
    periods = periods_of(title, edition.data_to)
    if (
        not periods
        or figure.last is None
        or any(p.how in ("same", "now") for p in periods)
        or periods_of(known, edition.data_to)
    ):
        return False
    return not any(p.fits(figure.first, figure.last, edition.newest(figure)) for p in periods)
