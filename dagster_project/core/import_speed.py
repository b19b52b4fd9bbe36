"""Makes a night start faster: skips imports that no night uses (a third of the loading time) and collects garbage less often.

Great Expectations imports `scipy.stats` and `altair` for expectations and renderings that no suite of ours has; `jsonschema`
builds a grammar of internationalised addresses, which no schema of dbt's or Dagster's asks for.
"""

import gc
import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

LATER = ("altair", "scipy.stats")
UNUSED = ("rfc3987_syntax", "pyspark")
"""Optional imports: whoever tries them goes on without. Great Expectations tries pyspark, which a night on Spark takes back."""


class Later(ModuleType):
    """Stands for a module until something of it is asked for; then it is imported, and is what it always was.

    Not importlib's LazyLoader: its module is loaded as soon as a second `import` looks at its `__spec__`.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        real = importlib.import_module(self.__name__)
        self.__dict__.update(real.__dict__)
        return getattr(real, name)


def collect_garbage_less() -> None:
    """Look for unused cycles a tenth as often as Python does by itself: these libraries make objects by the hundred thousand
    that stay, and going through them is a seventh of the time that they take to load."""
    gc.set_threshold(20_000, 25, 25)


def allow_import(name: str) -> None:
    """Have a module imported after all by whoever asks for it from now on."""
    if name in sys.modules and sys.modules[name] is None:
        del sys.modules[name]


def skip_unused_imports() -> None:
    """Call before dbt, Dagster or Great Expectations is imported. What is loaded already stays."""
    for name in LATER:
        if name not in sys.modules:
            module = sys.modules[name] = Later(name)
            module.__spec__ = ModuleSpec(name, None)
    for name in UNUSED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # None makes importing it an ImportError
