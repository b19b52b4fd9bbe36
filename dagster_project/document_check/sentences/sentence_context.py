"""Keeps what the text before a sentence says for it: the newest period, and what it is about."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from ..model import Figure
from ..text.periods_in_text import Period
from ..text.words import mentions

LONGEST_CONTEXT = 2_000
"""Characters of a paragraph's earlier sentences that are kept to understand a sentence."""
_BACK = re.compile(r"^\W*(?:of (?:this|these|those|that)|the remaining|this|these|they|it|an additional|over the same)\b", re.I)
_OF_THESE = re.compile(r"^\W*of (?:these|those|this|that)\b", re.I)
_ALSO = re.compile(r"^\W*(?:there (?:were|was) also|(?:we|officers|the force) also|in addition|additionally|also)\b", re.I)
"""How a sentence begins that goes on from the one before it in its paragraph."""


@dataclass
class Context:
    """The context of a sentence: the paragraph's number in the edition, the paragraph before it (`earlier`), its own earlier
    sentences (`before`), the newest period that they name (`period`), also if the figures of the last sentence here are of all
    (`here`), whether the newest that names any names several (`is_of_several`), the period of a heading or list (`lead`), the
    words that end with a colon above a list (`lead_words`), and those of a table above (`subject`). `is_numbered`, `is_item`:
    what the paragraph is."""

    paragraph: str | None = None
    earlier: str = ""
    before: str = ""
    period: Period | None = None
    here: Period | None = None
    is_of_several: bool = False
    lead: Period | None = None
    lead_words: str = ""
    subject: str = ""
    is_numbered: bool = False
    is_item: bool = False

    def start_paragraph(self, is_numbered: bool, is_item: bool) -> None:
        """Start a paragraph. What a numbered one is about does not lead the next list."""
        self.earlier, self.before = self.before, ""
        self.here, self.is_of_several = None, False
        if is_numbered:
            self.period, self.lead, self.lead_words = self.lead or self.period, None, ""
        elif self.is_item and not is_item:
            self.lead, self.lead_words = None, ""
        self.is_numbered, self.is_item = is_numbered, is_item

    def end_paragraph(self, text: str, has_period: bool, has_figures: bool) -> None:
        """End a paragraph. A period that it names applies to the list below it, unless the paragraph has figures itself."""
        if text.rstrip().endswith(":") and not has_figures:
            self.lead_words = text
        elif not (self.is_numbered or self.is_item) and (has_period or not has_figures):
            self.lead, self.lead_words = (None if has_figures else self.period) if has_period else None, ""

    def end_sentence(self, sentence: str, periods: list[Period], has_figures: bool, links: Collection[Figure]) -> bool:
        """End a sentence that names periods and is linked with figures. Returns whether it names one of known days."""
        named = [p for p in periods if not (p.is_compared or p.is_alone or p.how == "part")]
        if named:
            last = named[-1]
            if last.how == "same" and (known := self.same_period(last)) and known.last:
                last = known
            self.period = last
            if self.is_numbered or sentence.rstrip().endswith(":"):
                self.lead = last
        if has_figures:
            is_of_all = links and all(f.area_type == "force" and f.category == "all" for f in links)
            self.here = self.period if is_of_all else None
        if periods:
            self.is_of_several = len(named) == 0 or len({(p.first, p.last) for p in periods if p.how == "days"}) > 1
        self.before = f"{self.before} {sentence}".strip()[-LONGEST_CONTEXT:]
        return bool(named)

    def around(self, sentence: str) -> str:
        """A sentence with what is before it, for words that need others near them."""
        return f"{self.earlier} {self.before} {sentence}"

    def may_have_figures(self, sentence: str) -> bool:
        """Whether the sentence may be about a measure. In a numbered paragraph it always may."""
        return bool(self.paragraph or self.subject or goes_back(sentence) or mentions(sentence, self.around(sentence)))

    def is_of_some(self, sentence: str) -> bool:
        """Whether a sentence is about those of the sentences before, and they are not known to be all."""
        return bool(_OF_THESE.match(sentence) and self.before) and self.here is None

    def period_before(self, sentence: str) -> Period | None:
        """The period of a heading or list, else that of the sentences before, if a sentence goes on from them: `There were also
        94 arrests`."""
        if self.lead or self.is_of_several:
            return self.lead
        return self.period if goes_back(sentence) else self.here if _ALSO.match(sentence) else None

    def same_period(self, period: Period) -> Period | None:
        """`the same period during 2024`: the period of the sentences before, in that year."""
        known = self.lead or self.period
        if self.lead is None and self.is_of_several and period.first is None:
            return None
        if known is None or known.last is None:
            return known
        while period.first and known.last and known.last.year > period.first.year:
            known = known.a_year_before()
        return known


def goes_back(sentence: str) -> bool:
    """Whether a sentence begins with words for what the one before is about: `Of these`, `They`."""
    return bool(_BACK.match(sentence))
