"""Makes a night start faster: skips imports that no night uses and collects garbage less often.

What each gains is seconds of processor time of one process, on 1 December 2026: the median of five starts with it and five
without, in turn. If a library changes, none of it breaks a night: a module that is no longer imported is not missed, and one
that is used after all is imported then (`LAZY`), or raises ImportError, which the library handles as it does where the module
is not installed (`UNUSED`). `tests/core/test_import_speed.py` shows both.
"""

import gc
import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

LAZY = ("altair", "scipy.stats")
"""Great Expectations imports them for a chart and for three expectations that our suites do not have: 0.3 and 0.9 s."""
UNUSED = ("rfc3987_syntax", "pyspark")
"""Optional imports of libraries. With rfc3987_syntax `jsonschema` checks web addresses, which no schema of dbt or Dagster has:
1.2 s where Great Expectations is loaded, 3.2 s where dbt is. Great Expectations tries pyspark, whose Connect ends the process
where google.rpc is not installed. A night on Spark allows it again."""
UNUSED_BY_WORKERS = ("sqlalchemy",)
"""Great Expectations tries it, too, and is only given data frames: 0.25 s. Dagster needs it, which no worker process loads."""


class LazyModule(ModuleType):
    """A module that is imported when an attribute of it is first used.

    importlib's LazyLoader does not do: its module is loaded as soon as a second `import` looks at its `__spec__`.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        module = importlib.import_module(self.__name__)
        self.__dict__.update(module.__dict__)
        return getattr(module, name)


def collect_garbage_less() -> None:
    """Collect garbage a tenth as often as by default: these libraries make hundreds of thousands of lasting objects, and
    searching them takes 0.1 to 0.2 s in each of a night's three processes. Python's own setting, which no library changes."""
    gc.set_threshold(20_000, 25, 25)


def allow_import(name: str) -> None:
    if name in sys.modules and sys.modules[name] is None:
        del sys.modules[name]


def skip_unused_imports(worker: bool = False) -> None:
    """Call before dbt, Dagster or Great Expectations is imported. Modules that are loaded already stay.

    `worker`: this is a worker process, which never imports Dagster.
    """
    for name in LAZY:
        if name not in sys.modules:
            module = sys.modules[name] = LazyModule(name)
            module.__spec__ = ModuleSpec(name, None)
    modules: dict[str, Any] = sys.modules
    for name in (*UNUSED, *(UNUSED_BY_WORKERS if worker else ())):
        modules.setdefault(name, None)  # None makes importing it an ImportError


def defer_serializers() -> None:
    """Have dbt's serialiser, Mashumaro, write the code of any class when it is first used, as dbt sets for classes of its own.
    Otherwise it writes code for others that dbt never uses: 0.6 s. If Mashumaro gave up the setting, nothing would read it.
    Call before dbt is imported."""
    from mashumaro.config import BaseConfig

    config: Any = BaseConfig
    config.lazy_compilation = True
