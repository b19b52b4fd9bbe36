"""The schema `marts_public`: the figures of the marts in the form that may leave the force.

docs/explanation/disclosure.md explains the method.

Made in SQL from the candidate's marts, before the gate judges it: `rules` has the threshold of each count, `hide_small_counts`
decides which periods the suppressed form shows, and `suppressed_form` makes it of them; `rounded_form` makes the rounded one.
`public_windows` adds up what is shown. The marts stay exact. `pam.toml` sets the form; `seeds/public_cuts.csv` says which
figures count the same events, and how each of them is split.
"""

from .changed_figures import FIGURES_MADE, IS_CHANGED, figures_made, make_changed_table
from .control_charts import CHARTS
from .memory_batches import batches
from .rules import SCHEMA, is_rounded, make_rule_tables, rule_of
from .write_measures import MARKERS, VALUE, write_public_form

__all__ = [
    "CHARTS", "FIGURES_MADE", "IS_CHANGED", "MARKERS", "SCHEMA", "VALUE", "batches", "figures_made", "is_rounded",
    "make_changed_table", "make_rule_tables", "rule_of", "write_public_form",
]  # fmt: skip
