"""Recognises rows that would count and should not: totals, notes and examples, keys that are not real keys, and rows that say
they are another force's, of another currency, or deleted."""

import re
from collections.abc import Iterable, Mapping

from dagster_project.contracts import plain_header
from dagster_project.core.project_lists import force_names
from dagster_project.core.sql import literal

_LEAVE_OUT = "not a record (table: ignore: in a mapping leaves such rows out)"
_MONTH = r"jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?"
_PERIOD = rf"({_MONTH}|q[1-4]|ytd|(month|quarter|year)(ly)?)([\s'-]*(20)?\d\d)?"
TOTAL = (
    r"((grand|sub|overall|running)[\s_-]*)?totals?(\s+(rows|records|count|number))?([\s:=]+\(?[\d,. ]+\)?)?[\s:=.]*"
    rf"|{_PERIOD}[\s:-]+(sub[\s-]*)?totals?[\s:=.]*|totals?[\s:-]+((for|of|in)\s+)?{_PERIOD}[\s:=.]*"
)
"""A whole cell that is a total, in lower case: `total`, `grand total:`, `sub-total`, `total rows: 12`, `march total`. With
another word, or a number joined to it, it may be a reference or a name: `total-12`, `total refusal`."""
_OF_ALL_ROWS = rf"{_MONTH}|q[1-4]|average|mean|median|overall|all|year|quarter|target|forecast|totals?"
_YEAR_OR_TWO = r"\(?20\d\d([/–-](20)?\d\d)?\)?"
LIKE_TOTAL = (
    rf"\D*|(\D*\b)?(sub)?totals?(\s*\(.*\))?|q[1-4]|ytd\s*\d*|({_OF_ALL_ROWS}|ytd)( of| for)? {_YEAR_OR_TWO}"
    rf"|{_YEAR_OR_TWO} ({_OF_ALL_ROWS})"
)
"""A whole reference that may be a total, in lower case, where the others have numbers: `derbyshire total`, `average`, `q3`. One
without a number may also stand for none: `unknown`."""

_MADE = "run|printed|generated|produced|extracted|exported|created|refreshed"
WORDS = {TOTAL: f"is a total, {_LEAVE_OUT}"}
"""Whole cells of any text that no record has, in lower case, and what they are."""
_FOR_A_BLANK = (
    # What databases (`\N`), pandas and Excel write for a blank or an error.
    r"[(<\[]?null[)>\]]?|\\n|n/[ak]|n\.[ak]\.?|nil|none|nan|nat|\(blank\)|[-–—]+|#{2,}"
    r"|#(n/a|ref!|value!|name\?|div/0!|num!|null!|spill!|calc!|getting_data|busy!|field!|blocked!|connect!|unknown!)"
    # BusinessObjects and Google Sheets.
    r"|#(multivalue|error|unavailable|datasync|torefresh|overflow|computation|context|security)!?"
    # What people type for a reference that they lack, and systems show for a record that is closed to the reader.
    r"|\*+|\?+|tb[ca]|pending|awaited|not known|no ref(erence)?|redacted|restricted|access (denied|restricted)|withheld"
)
NOBODY = (_FOR_A_BLANK, r"unknown|nfa|no fixed (abode|address)|not (recorded|given|stated)")
"""Whole cells that name no person and no address, in lower case: two of them are not the same one."""
KEY_WORDS = WORDS | {
    _FOR_A_BLANK: "stands for a blank, and it is the key",
    # The row that shows how to fill a template in.
    r"e\.g\.?[\s:,].*|eg[:,].*|(for )?example[\s_-]*(\d{1,3}|row|record|entry|only)?"
    r"|(test|dummy)[\s_-]*(row|record|entry|data)?|x{3,}": f"is an example or a test, {_LEAVE_OUT}",
    r"-?\d([.,]\d+)?e\+\d+": "is a long number that a spreadsheet has cut short: export the column as text",
    rf"((report|data|date|extract|export|file|query) ({_MADE})|({_MADE}) (on|at|date)|(report|extract|export|print) date)"
    r"( on| at)?\s*:?|(prepared|produced|compiled|updated|checked|completed|created|run|extracted|printed|generated) by\b.*"
    r"|last (updated|refreshed|saved|run|modified)( on| at)?\s*:?": f"is a note, {_LEAVE_OUT}",
}
"""Whole cells of a key that no record has, and what they are. Rows that share one would be merged or withheld, one alone would
count."""
NO_VALUE = "is a total, a note or no value"

CHUNK = 1 << 18
"""Characters or bytes searched at a time: they fit the processor's cache."""


def mentions_total(text: str | memoryview) -> bool:
    """Whether any cell of a text can be a total. Few texts have any, and the others need not be searched cell by cell."""
    for start in range(0, len(text), CHUNK):
        part = text[start : start + CHUNK + len("total")]
        if "total" in part.lower() if isinstance(part, str) else b"total" in bytes(part).lower():
            return True
    return False


def is_word(text: str, words: Iterable[str]) -> str:
    """SQL that is true where a trimmed text is one of these words."""
    return f"regexp_full_match({text}, {literal('|'.join(words))}, 'i')"


def why_word(text: str, words: Mapping[str, str]) -> str:
    """SQL for the end of a reason: the quote after the word, and what it is."""
    whens = [f"when {is_word(text, [word])} then " + literal(f"' {why}") for word, why in words.items()]
    return f"case {' '.join(whens)} end"


def knows_total(codes: Iterable[str]) -> bool:
    """Whether a mapping's codes of a column say what a total means: then it is a value there."""
    return any(re.fullmatch(TOTAL, code.rstrip("*")) for code in codes)


FORCE_HEADER = re.compile(r"(police|recording)?force(name|code|id)?|constabulary(name)?")
"""Headers, as `plain_header` writes them, of a column that says whose a row is. Not those of a force that may well be another,
such as the area that a row falls in, or a person's home force."""

_OF_ALL = r"\b(police|constabulary|service|force)\b|[^a-z]"
"""Parts of a force's name to leave out when names are compared."""


_NUMBERS = re.findall(
    r"(\d\d) ([a-z-]+)",
    "01 metropolitan 03 cumbria 04 lancashire 05 merseyside 06 greater-manchester 07 cheshire 10 northumbria 11 durham"
    " 12 north-yorkshire 13 west-yorkshire 14 south-yorkshire 16 humberside 17 cleveland 20 west-midlands 21 staffordshire"
    " 22 west-mercia 23 warwickshire 30 derbyshire 31 nottinghamshire 32 lincolnshire 33 leicestershire 34 northamptonshire"
    " 35 cambridgeshire 36 norfolk 37 suffolk 40 bedfordshire 41 hertfordshire 42 essex 43 thames-valley 44 hampshire"
    " 45 surrey 46 kent 47 sussex 48 city-of-london 50 devon-and-cornwall 52 avon-and-somerset 53 gloucestershire"
    " 54 wiltshire 55 dorset 60 north-wales 61 gwent 62 south-wales 63 dyfed-powys",
)
"""The forces of England and Wales with their numbers on the Police National Computer, those of England first: the codes of the
Office for National Statistics count them in the same order."""
_ENGLISH = 39
FORCE_NUMBERS = tuple(number for number, _ in _NUMBERS)


def own_number(force: str) -> str:
    """A force's number; "" for one that has none."""
    return next((number for number, code in _NUMBERS if code == force), "")


def other_force(cells: Iterable[str], force: str, *, are_numbers: bool = False) -> str:
    """SQL for the name of another force that one of these cells says; NULL where they say the own force, or none that is known.

    `are_numbers`: whether the file is known to say forces by their numbers; else a number may be anything. Only a name of the
    list is ever repeated, never a cell: an unmapped column may hold anything.
    """
    names = force_names()
    name_of = {_plain(text): name for code, name in names.items() for text in (code, name)}
    for n, (number, code) in enumerate(_NUMBERS, 1):
        name_of[f"w{15_000_000 + n - _ENGLISH}" if n > _ENGLISH else f"e{23_000_000 + n}"] = names[code]
        if are_numbers:
            name_of[number] = names[code]
    other_names = {text: name for text, name in name_of.items() if name != names.get(force)}
    keys, values = (", ".join(map(literal, part)) for part in (other_names, other_names.values()))
    code = "^([0-9]{2}|[ew][0-9]{8})$"
    texts = (
        f"case when regexp_matches(lower({cell}), '{code}') then lower({cell})"
        f" else regexp_replace(lower(replace({cell}, '&', 'and')), {literal(_OF_ALL)}, '', 'g') end"
        for cell in cells
    )
    return f"coalesce({', '.join(f'map([{keys}], [{values}])[{text}]' for text in texts)})"


def _plain(name: str) -> str:
    return re.sub(_OF_ALL, "", name.replace("&", "and").lower())


_DELETED = r"deleted|void(ed)?|((entered|created|recorded|raised) )?in error"
# Without the days that programs write for none: 1900, 1970, 2049, 2079, 9999.
_YEAR = r"(19[89]|20[0-3])\d"
FLAG = r"(flag|indicator|ind|yn)"
"""What the header of a column of Yes and No may end with."""
VOID_HEADER = re.compile(
    rf"(is)?(record|row|entry|form)?((soft|logical(ly)?)?deleted|void(ed)?|(entered|created|recorded|raised)inerror){FLAG}?"
    rf"|(is)?(record|row|entry|form)?((soft|logical)?(delete|deletion){FLAG}|(soft|logical)delet(e|ion))"
    r"|is(test|training|dummy)(record|entry|row)?|(test|training|dummy)(record|entry|row)flag|(record)?(deleted|voided)(on|at|date|datetime)|date(deleted|voided)"
)
"""Headers, as `plain_header` writes them, of a column in which a Yes or a date says that the row is no record."""
STATE_HEADER = re.compile(r"(record|row|entry|form|session|activity|visit|booking)?(status|state)")
"""Headers of a column that may say so in a word."""
YES_ALONE = "y|yes|t|true|1|-1|x|[✓✔☑√]"
"""A whole cell that says Yes, and no day or more."""
YES = rf"{YES_ALONE}|{_DELETED}|(\d{{1,2}}/\d{{1,2}}/{_YEAR}|{_YEAR}-\d{{2}}-\d{{2}})(\D.*)?"
"""A whole cell that says Yes, or gives a day."""
NO = r"f|false|n|no(\s*[-–:(].*)?|0([.,]0+)?"
"""A whole cell that says No."""
_NO_OR_DAY = (
    rf"{_FOR_A_BLANK}|{NO}|active|live|current"
    r"|(\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d{2}-\d{2})(\D.*)?"
)
"""What says in such a column that the row is a record; a day that is none, such as 31/12/9999, too."""
_PERHAPS = r"(duplicate( of .*)?|cancell?ed|rejected|merged|superseded|draft|withdrawn|training|invalid)(\s*[-–:(].*)?"
"""What may say in a state that the row is no record."""


def bare_header(header: str) -> str:
    """`plain_header`, without what asks for a Yes: `Deleted?`, `Void (Y/N)`."""
    return re.sub(r"(\((y/?n|yes/?no)\))?[?:.]*$", "", plain_header(header))


def says_perhaps_void(header: str, cell: str) -> str:
    """SQL that is true where a cell may say that its row is no record: a reason where a Yes or No belongs, or `Duplicate`."""
    if VOID_HEADER.fullmatch(bare_header(header)):
        return f"{cell} <> '' and not regexp_full_match({cell}, {literal(_NO_OR_DAY)}, 'i')"
    return f"regexp_full_match({cell}, {literal(_PERHAPS)}, 'i')"


def says_void(cells: Mapping[str, str], has_status: bool) -> str:
    """SQL for the header under which a row says that it was deleted, or is no record; NULL where it does not.

    `cells`: header -> SQL of its cell. `has_status`: whether the extract has a status of its own, which says what is cancelled.

    A bare `Status` may be another thing's, such as a call's or a test's: what is cancelled there may still be a record.
    """
    whens = []
    for header, cell in cells.items():
        plain = bare_header(header)
        words = _DELETED if has_status or plain in ("status", "state") else rf"{_DELETED}|cancell?ed"
        words = YES if VOID_HEADER.fullmatch(plain) else rf"({words})(\s*[-–:(].*)?"
        whens.append(f"when regexp_full_match({cell}, {literal(words)}, 'i') then {literal(header)}")
    return f"case {' '.join(whens)} end"


POUNDS = re.compile(r"£|gbp|sterling|pounds", re.I)
"""In the header of an amount: it is in pounds, whatever notes it was."""
CURRENCY_HEADER = re.compile(r"(currency|ccy)(code|type)?")
"""Headers, as `plain_header` writes them, of a column that says in which currency an amount is."""
OTHER_CURRENCY = (
    r"(eur(os?)?|€|usd|us\$|\$|aud|cad|chf|pln|ron|czk|huf|bgn|try|aed|sar|cny|hkd|jpy|inr|pkr|bdt|ngn|ghs|sek|nok|dkk|zar"
    r"|thb|((us|american|australian|canadian) )?dollars?|(swiss )?francs?|zloty(ch)?|lei|leke?|lira|dirhams?|rupees?|yuan|yen"
    r"|kron[ae]r?)"
)
"""Whole cells that name a currency in which cash is seized, other than the pound: the row's amount is not in pounds."""
