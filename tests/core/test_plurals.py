from dagster_project.core.plurals import counted


def test_one_is_singular_and_thousands_have_commas() -> None:
    assert [counted(n, "row") for n in (0, 1, 2, 1200)] == ["0 rows", "1 row", "2 rows", "1,200 rows"]
