"""One home between two nights for all tests of faults."""

import pytest

from .nights import Between, make_between


@pytest.fixture(scope="session")
def between(tmp_path_factory: pytest.TempPathFactory) -> Between:
    """To be copied, not changed."""
    return make_between(tmp_path_factory.mktemp("between"))
