"""What the documentation names exists: generated pages, links, commands, files, variables, imports."""

import ast
import importlib
import re
from pathlib import Path

import pytest
import typer

from dagster_project.cli import generate_docs, load_app
from dagster_project.core.home import PROJECT, Home
from dagster_project.publishing import dictionary

ROOT_PAGES = ("README", "CONTRIBUTING", "CHANGELOG", "SECURITY", "benchmarks/README")
PAGES = [*sorted(generate_docs.DOCS.rglob("*.md")), *(PROJECT / f"{name}.md" for name in ROOT_PAGES)]
MAX_LINES = 2999
"""Lines of all pages of docs/, blank ones and those that `pam docs` writes too: nobody reads more."""
COMMANDS = typer.main.get_command(load_app()).commands
HELP = {"-h", "--help"}


def options(command: typer.core.TyperCommand | typer.core.TyperGroup) -> set[str]:
    """A command's options; a group's are its own and those of its commands."""
    if isinstance(command, typer.core.TyperGroup):
        own = (o for p in command.params for o in (*p.opts, *p.secondary_opts))
        return HELP.union(own, *(options(c) for c in command.commands.values()))
    return HELP | {o for p in command.params for o in (*p.opts, *p.secondary_opts)}


OPTIONS = set().union(*map(options, COMMANDS.values()))
PYTEST_OPTIONS = ("--long",)

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FOLDERS = "dagster_project|dbt|expectations|seeds|tests|docs|benchmarks"


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(text(page)) if kind == language]


def spans(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", FENCE.sub("", text(page)))


def code(page: Path) -> list[str]:
    """Lines of code: in spans, in fenced blocks, and indented by four."""
    fenced = [line for _, body in FENCE.findall(text(page)) for line in body.splitlines()]
    indented = [line for line in FENCE.sub("", text(page)).splitlines() if line.startswith("    ")]
    return [*spans(page), *fenced, *indented]


def anchors(page: Path) -> set[str]:
    """Headings as GitHub makes anchors of them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text(page)), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-") for heading in headings}


def commands(line: str) -> list[list[str]]:
    """Each `pam COMMAND ...` of a line, as words. Leaves out quoted text, and the user pam of a shell."""
    unquoted = re.sub(r"\"[^\"]*(\"|$)", "''", line)
    calls = re.findall(r"(?:^|[\s(]|bin/)pam +([^&|;#]+)", unquoted)
    return [words for call in calls if (words := call.split()) and not re.match(r"-|[A-Z_]+=", words[0])]


def test_the_documents_are_short() -> None:
    lines = sum(len(text(page).splitlines()) for page in generate_docs.DOCS.rglob("*.md"))
    assert lines <= MAX_LINES, "cut as many lines from another page of docs/"


def test_generated_pages_are_up_to_date(tmp_path: Path) -> None:
    """`pam docs` also returns which pages it changed."""
    generated = [page.name for page in generate_docs.write_pages(tmp_path)]
    assert len(generated) == 3
    stale = [name for name in generated if text(generate_docs.FOLDER / name) != text(tmp_path / name)]
    assert stale == [], "run `pam docs` and commit what it writes"
    (tmp_path / "marts.md").write_text("old", encoding="utf-8")
    assert generate_docs.write_pages(tmp_path) == [tmp_path / "marts.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(PROJECT)))
def test_links_are_not_broken(page: Path) -> None:
    broken = []
    for link in LINK.findall(FENCE.sub("", text(page))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(PROJECT)))
def test_commands_and_options_exist(page: Path) -> None:
    wrong = []
    for line in code(page):
        for command, *words in commands(line):
            if command not in COMMANDS:
                wrong.append(f"pam {command}")
            elif command != "dbt":  # its words are dbt's
                known = options(COMMANDS[command])
                if isinstance(COMMANDS[command], typer.core.TyperGroup) and words and not words[0].startswith("-"):
                    wrong += [] if words[0] in COMMANDS[command].commands else [f"pam {command} {words[0]}"]
                wrong += [f"pam {command} {w}" for w in words if re.match(r"--?[a-z]", w) and w not in known]
        wrong += [task for task in re.findall(r"bootstrap\.py (\w+)", line) if task not in ("test", "setup", "spark")]
    wrong += [s for s in spans(page) if s.startswith("--") and s.split()[0] not in OPTIONS and s not in PYTEST_OPTIONS]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(PROJECT)))
def test_files_exist(page: Path) -> None:
    named = {s for s in spans(page) if re.fullmatch(rf"(?:{FOLDERS})/[\w./*-]*|[\w.-]+\.(?:lock|toml)|\.ci/\w+", s)}
    named -= {Home.of().config_file.name}
    assert [s for s in sorted(named) if not any(PROJECT.glob(s.rstrip("/")))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(PROJECT)))
def test_variables_are_used(page: Path) -> None:
    """By the warehouse; those of CONTRIBUTING.md by the warehouse or the tests."""
    code = [*(PROJECT / "dagster_project").rglob("*.py"), *(PROJECT / "dbt").glob("*.yml")]
    tests = [*(PROJECT / "tests").rglob("*.py")] if page.name == "CONTRIBUTING.md" else []
    source = "".join(text(p) for p in [*code, *tests])
    assert [v for v in set(re.findall(r"\bPAM_[A-Z_]+", text(page))) if v not in source] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(PROJECT)))
def test_python_parses_and_its_imports_exist(page: Path) -> None:
    for body in blocks(page, "python"):
        for node in ast.walk(ast.parse(body)):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("dagster_project"):
                module = importlib.import_module(str(node.module))
                assert [a.name for a in node.names if not hasattr(module, a.name)] == []


def test_the_changelog_lists_the_first_public_interface() -> None:
    """Every published relation, and its columns in order. A later change of either has a line of its own."""
    rows = re.findall(r"^\| `(?:marts|meta)\..*$", text(PROJECT / "CHANGELOG.md"), re.M)
    listed = {}
    for relations, _, columns in (row.strip("| ").split(" | ") for row in rows):
        for relation in re.findall(r"`([\w.]+)`", relations):
            listed[relation] = re.findall(r"`(\w+)`", columns)
    marts = generate_docs.marts()
    shared = [name.strip("`") for name, *_ in marts["columns"]]
    expected = {f"marts.{m['name']}": shared for m in marts["marts"]} | {"marts.measures": ["mart"]}
    expected |= {f"meta.{name}": [*fields] for name, (_, fields) in dictionary.TABLES.items()}
    assert listed == expected


def test_wrong_commands_and_anchors_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        '# A b, `c`\n\n`pam nightly --all` [x](#a-b-c) `pam nihgtly`\n\n    /x/bin/pam query "a --b" --format csv\n'
    )  # noqa: E501
    assert [c for line in code(page) for c in commands(line)] == [
        ["nightly", "--all"], ["nihgtly"], ["query", "''", "--format", "csv"],
    ]  # fmt: skip
    assert anchors(page) == {"a-b-c"}
