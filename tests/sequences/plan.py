"""A sequence of files as plain data, and hypothesis strategies to draw one. A failure shrinks to a few files of a few rows.

A sequence is up to four nights of one force. It has few keys, days and times of extraction, so that files overlap: most
sequences can show each row of the table "What a newer file means".
"""

from dataclasses import dataclass, replace

from hypothesis import strategies as st

KEYED = ("mda_orders", "cash_seizures", "stop_search", "crimes", "iom_cohort")
"""Events with a key; a whole list; searches, which data.police.uk publishes too; an extract that is held if it is empty for
a week; an extract whose key is its date."""
MONTHLY = ("stop_search", "street_crime")
WITH_OPTIONAL_COLUMNS = ("stop_search", "crimes")
"""Extracts of which some files lack columns that measures use."""
EXTRACTS = (*KEYED, "street_crime", "public_health")
NIGHTS = 4
MOMENTS = 8
"""Number of times of extraction: before, between and after the times at which nights land."""
SPAN = 60
"""Number of days that windows are drawn from: two months of 31 and 28 days, and one day."""
DOWNLOADS = ((0, 7), (0, 20), (5, 15), (0, 60), (30, 1), (0, 31), (10, 50), (59, 1))
"""First day and number of days of the one download of indicators at each time of extraction."""

ODD = ("repeat", "early", "choice", "bad date", "no date", "outside", "no key", "ragged", "twice")
"""Ways in which a row can be odd. `repeat`: it comes again unchanged. `twice`: its key comes again, with other content.
`early`: before the window, where only a whole list may have rows. The others break a rule.
"""


@dataclass(frozen=True)
class Row:
    """One row: `key` and `value` choose its content, `day` counts from the first day of the window."""

    key: int
    day: int = 0
    value: int = 0
    odd: str = ""


@dataclass(frozen=True)
class Format:
    """How a file's text is written and packed."""

    container: str = ".csv"
    delimiter: str = ","
    encoding: str = "utf-8"


@dataclass(frozen=True)
class File:
    """One extraction, or one month of data.police.uk (then `start` is 0 or 31, and there is no `moment`).

    `doubled`: 52 more rows, each twice. `manifest`: none, a right one (`holds`) or a wrong one (`fails`).
    """

    extract: str
    start: int
    days: int
    moment: int | None
    rows: tuple[Row, ...] = ()
    doubled: bool = False
    manifest: str = ""
    format: Format = Format()
    full: bool = False
    """Whether it has the optional columns: the unit, and the power under which a search was made."""

    @property
    def name_parts(self) -> tuple[str, int, int, int | None]:
        """What its name says. Files with the same parts claim to be one extraction, or one month."""
        return self.extract, self.start, self.days, self.moment


@dataclass(frozen=True)
class Again:
    """An earlier file is dropped again in another format. `other`: with one more row."""

    of: int
    other: bool = False
    format: Format = Format()

    def file(self, earlier: list[File]) -> File | None:
        """The file to drop; None if there is no earlier file."""
        if not earlier:
            return None
        first = earlier[self.of % len(earlier)]
        rows = (*first.rows, Row(9, value=1)) if self.other else first.rows
        return replace(first, rows=rows, format=self.format, manifest="")


@dataclass(frozen=True)
class Release:
    """A person releases a held file, before the night's files land."""

    of: int


@dataclass(frozen=True)
class Sequence:
    """Nights of drops. `published`: which nights end with a publication. `archive`: whether files move to the archive, or stay
    in somebody else's inbox and are read again every night.
    """

    nights: tuple[tuple[File | Again | Release, ...], ...]
    published: tuple[bool, ...] = (True,) * NIGHTS
    archive: bool = True


FORMATS = st.builds(
    Format,
    container=st.sampled_from((".csv", ".csv.gz", ".zip")),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "cp1252")),
)


def rows(days: int) -> st.SearchStrategy[tuple[Row, ...]]:
    """Up to six rows of few keys and days. Some break a rule."""
    kinds = st.sampled_from(("", "", "", "", "", *ODD))
    row = st.builds(Row, key=st.integers(0, 4), day=st.integers(0, days - 1), value=st.integers(0, 2), odd=kinds)
    return st.lists(row, max_size=6).map(tuple)


@st.composite
def files(draw: st.DrawFn, extract: str) -> File:
    """A file of an extract: canonical, or as data.police.uk publishes it if it does."""
    doubled = draw(st.integers(0, 11)) == 11
    manifest = draw(st.sampled_from(("", "", "", "", "", "", "holds", "fails")))
    file_format = draw(st.just(Format()) | FORMATS)
    if extract in MONTHLY and draw(st.booleans()):
        start, days = draw(st.sampled_from(((0, 31), (31, 28))))
        return File(extract, start, days, None, draw(rows(days)), doubled, manifest, file_format)
    moment = draw(st.integers(0, MOMENTS - 1))
    if extract == "street_crime":
        start, days = draw(st.sampled_from(((0, 31), (31, 28), (0, 59), (4, 10), (9, 40))))
    elif extract == "public_health":
        # The contract does not say what two downloads of one indicator made at the same time mean.
        start, days = DOWNLOADS[moment]
    else:
        start = draw(st.integers(0, SPAN - 1))
        days = draw(st.sampled_from((1, 3, 7, 20, 31, 60)))
        days = min(days, SPAN - start)
    full = extract in WITH_OPTIONAL_COLUMNS and draw(st.booleans())
    return File(extract, start, days, moment, draw(rows(days)), doubled, manifest, file_format, full)


@st.composite
def sequences(draw: st.DrawFn) -> Sequence:
    """Nights of one force, with files of one extract or two."""
    extracts = draw(st.lists(st.sampled_from(EXTRACTS), min_size=1, max_size=2, unique=True))
    again = st.builds(Again, of=st.integers(0, 9), other=st.booleans(), format=FORMATS)
    drop = st.one_of(
        *(files(x) for x in extracts), *(files(x) for x in extracts), again, st.builds(Release, of=st.integers(0, 2))
    )
    nights = draw(st.lists(st.lists(drop, min_size=1, max_size=4).map(tuple), min_size=1, max_size=NIGHTS))
    published = draw(st.lists(st.booleans(), min_size=NIGHTS, max_size=NIGHTS))
    return Sequence(tuple(nights), tuple(published), draw(st.booleans()))
