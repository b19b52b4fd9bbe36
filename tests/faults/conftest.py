"""One home between two nights, for all tests of interrupted nights."""

import pytest

from .nights import TwoNights, make_two_nights


@pytest.fixture(scope="session")
def two_nights(tmp_path_factory: pytest.TempPathFactory) -> TwoNights:
    """Copy its home before you change it."""
    return make_two_nights(tmp_path_factory.mktemp("two_nights"))
