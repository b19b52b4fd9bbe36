"""All hostile input in one place: cell texts, file names, files, SQL statements. A row that you add here is tested everywhere.

The docstring of each list says what must happen to its rows.
"""

import gzip
import random
import unicodedata

STAMP = "__derbyshire__2025-06-01__2025-06-30__20260103T020000Z.csv"

TEXTS = (
    # what a page, a workbook or a script could run
    "<script>document.title='run'</script>", "\"><img src=x onerror=\"document.title='run'\">", "'];document.title='run'//",
    "</script><svg onload=\"document.title='run'\">", "{{ 7*7 }}{% raw %}", "${7*7}", "javascript:document.title='run'",
    "]]>", "<!--", "&lt;&amp;&#0;", "--stale-->", "%00%0a%0d", "`touch x`$(touch x)", "\\u0000\\x1b\\n",
    "[red]x", "[/]", "[link=http://example.invalid]x[/link]", ":warning:",
    # formulas
    "=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "\uff1d1+1", "=HYPERLINK(\"http://example.invalid\")",
    # properties that every object of JavaScript or Python has
    "constructor", "toString", "valueOf", "hasOwnProperty", "__proto__", "prototype", "__class__", "then", "length", "NaN",
    # SQL, YAML, templates
    "'; drop table marts.measures; --", "$1 $$ $q$", "!!python/object/apply:os.system [id]", "a: [b", "%s %(x)s {0}",
    # numbers and words that mean something elsewhere
    "all", "All", "Not recorded", "1e400", "-0", "true",
    # writing directions, combining marks, characters outside the basic plane
    "\u202egnp.exe\u202c", "\u2066\u2067x\u2069",
    "a\u0300\u0301\u0302" + "\u0301" * 60, "\U0001f46e\u200d\u2640\ufe0f", 
    "\ufffd", "\U0001f46e" * 150, "\U0010ffff", "\U0001ffff", "\ufdd0", "\u200b\u2060\ufeffx",
    "\U000e0041\U000e007f", "\u0660\u0661", "ﷺ" * 50, "İıſK", "x\x7fy",
    # the longest, among them one that no index of PostgreSQL can compress
    "A" * 1_000, "\u0e01\u0e49" * 500, "".join(map(chr, random.Random(2704).choices(range(0x4E00, 0x9FFF), k=1_000))),
)  # fmt: skip
"""Texts that may be categories: published unchanged, trimmed, or as the list's own word."""

UNPRINTABLE = (
    "a\x1b]52;c;aGk=\x07b", "a\x1b[2Jb", "a\x0bb", "a\x0cb", "a\x08b", "a\x01b", "a\x1fb", "a\x85b", "a\x9b31mb",
    "a\u2028b", "a\u2029b",
    "a\ufffeb", "a\uffffb", "\x1b", "constructor\u2028",
)  # fmt: skip
"""Texts that may not be categories: the row goes to quarantine, with its line and the reason."""

OVERLONG = ("A" * 1_001, "word " * 2_000, "\U0001f46e" * 1_001, "\u0e01\u0e49" * 50_000)
"""Texts too long to be categories, which are repeated in hundreds of figures: the row goes to quarantine, too."""

NAMES = (
    "evil\x1b]52;c;aGk=\x07.csv", "two\nlines.csv", "a\rb.csv", "\u202egnp.csv", "%2E%2E%2Fevil.csv", "<script>x.csv",
    f"crimes__..{STAMP}", f"crimes__$(touch evil){STAMP}", "'; drop table x; --.csv", "=cmd|'calc'!A0.csv",
    "constructor.csv", f"crimes{STAMP}.csv", "x" * 200 + ".csv", "\x9b31m.csv",
)  # fmt: skip
"""Names of files in the inbox: each file is refused, and its name shown wherever files are listed."""

FILES = (
    (f"naloxone{STAMP}", b"\0" * 100),
    (f"county_lines{STAMP}", b'line_ref,identified_on\n"L1,2025-01-01\n'),
    (f"op_trapped{STAMP}", b"\xff\xfe" + b"\xd8" * 101),
    (f"aris_returns{STAMP}.gz", gzip.compress(b"return_ref,received_on,amount\nA,2025-01-01,1\n")[:-6]),
    (f"mda_orders{STAMP.replace('.csv', '.xlsx')}", b"PK\x03\x04 not a workbook"),
    (f"cash_seizures{STAMP.replace('.csv', '.parquet')}", b"PAR1 not parquet PAR1"),
)
"""Files that are refused whole: name and bytes."""

STATEMENTS = (
    "select 'a\x1b]52;c;aGk=\x07b' as \"c\x1b[2Jd\"", "select chr(27) || ']0;x' || chr(7)", "select '\u202egnp'",
    "select '\x9b31m'",
    "select * from read_csv('/etc/passwd')", "copy (select 1) to '/tmp/x'", "attach '/tmp/x'", "install httpfs",
    "select getenv('HOME')", "set enable_external_access = true", "select \x1b[31m", "select error('\x1b]52;c;aGk=\x07')",
    "select '" + "A" * 100_000 + "'",
)  # fmt: skip
"""SQL: answered or refused, and no output has a control sequence for the terminal."""


def random_texts(n: int, seed: int = 20260103) -> list[str]:
    """Texts of all planes, with control, direction and unassigned characters. Every hundredth has 100,000 characters."""
    rng = random.Random(seed)  # noqa: S311
    ranges = ((0x20, 0x7E), (0, 0x9F), (0xA0, 0x2FF), (0x300, 0x36F), (0x590, 0x8FF), (0x2000, 0x206F), (0xE000, 0xFFFF),
              (0x3000, 0x9FFF), (0x10000, 0x1FFFF), (0x20000, 0xDFFFF), (0xE0000, 0x10FFFF))  # fmt: skip
    texts = []
    for i in range(n):
        size = 100_000 if i % 100 == 99 else rng.choice((1, 2, 5, 20, 200))
        picked = rng.sample(ranges, rng.randint(1, 3))
        text = "".join(chr(rng.randint(*rng.choice(picked))) for _ in range(size))
        # Not NUL: a file that has it is refused whole, as one of `FILES`.
        texts.append(f"{i}{text}".replace("\0", "\1"))
    return texts


def has_unprintable(text: str) -> bool:
    """Whether the documented rule bars a text: it is not in XML 1.0, or ends a line. Written without the warehouse's code."""
    return any((unicodedata.category(c) == "Cc" and c not in "\t\n\r\x7f") or c in "\u2028\u2029\ufffe\uffff" for c in text)
