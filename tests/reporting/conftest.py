"""One browser for all tests of pages: starting it takes longer than most of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from offline_browser import BROWSER, WITHOUT, open_browser


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    if not BROWSER:
        pytest.skip(WITHOUT)
    with open_browser() as opened:
        yield opened
