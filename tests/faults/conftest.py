"""One home between two nights, for all tests of interrupted nights."""

import pytest

from .nights import Between, make_between


@pytest.fixture(scope="session")
def between(tmp_path_factory: pytest.TempPathFactory) -> Between:
    """Copy its home before you change it."""
    return make_between(tmp_path_factory.mktemp("between"))
