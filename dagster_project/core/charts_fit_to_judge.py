"""Which control charts and changes are judged in words, by the report, the topline and the dashboard alike
(docs/reference/control-charts.md).

`mart_control_charts` has the marks of the method. Words leave out those that would mislead: of measures that the method does
not fit, of charts without enough to go by, and of runs that leap over months without a figure.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from .coverages import read_coverage
from .project_lists import coverage_of, read_seed
from .sql import literal

FEW_A_MONTH = 2
"""A series with a lower mean is not judged, nor a rate whose numerator has a lower one. Its months are mostly 0 and 1, so most
moving ranges are screened out, the limits lie on the mean, and every month would be outside them."""
FEWEST_MONTHS = 12
"""Where a chart starts again at a known change, a part of fewer months is not judged: a whole series needs as many to have a
chart. Limits of three months are made of two moving ranges, and nearly every month is within them."""
SMALL = 20
"""A change is of small numbers where both counts are under this: a few events more would reverse it. So is one of a rate that
on either side is a share of fewer, and a rate of fewer a month is not judged."""

TOO_FEW, TOO_FEW_CHANGES = "too few a month to tell", "too few changes to tell"
NOT_JUDGED = {
    "few": TOO_FEW,
    "still": TOO_FEW_CHANGES,
    "short": "too few months before or since a known change to tell",
    "status": "not judged, as older ones have had longer to change their status",
    "on a day": "not judged, as most of it was there the month before",
    "money": "not judged, as a few large amounts decide it",
}
"""Why a month of a control chart is not judged: as `not_judged` has it -> in words."""
WITHOUT_LIMITS = ("few", "still")
"""Of these no mean and limits are drawn."""

STATUS_OF_NOW = {("cash_seizures", "status")}
"""Extracts and columns that say how something stands now. Older ones have had longer to change it: a figure that counts by it
is not judged, nor its change from the year before listed."""

_SERIES = "mart, force_code, area_type, area_code, measure, category"
_BASE = f"{_SERIES}, baseline_start"
_MONTH_NO = "12 * year(charts.period_start) + month(charts.period_start)"


def is_small(
    unit: str | None, value: Decimal | None, prior_value: Decimal | None, share_of: tuple[Decimal | None, ...] = ()
) -> bool:
    """Whether a change is of numbers so small that a few events more would reverse it. `share_of`: a rate's denominators."""
    if unit == "percent":
        return any(v is not None and v < SMALL for v in share_of)
    known = [abs(v) for v in (value, prior_value) if v is not None]
    return unit == "count" and bool(known) and max(known) < SMALL


def has_small_side(unit: str | None, value: Decimal | None, prior_value: Decimal | None) -> bool:
    """Whether a change is from or to a count that is too small for a change in per cent: 1 from 2 is `-50.0%`."""
    return unit == "count" and any(v is not None and abs(v) < SMALL for v in (value, prior_value))


def has_status_of_now(mart: str, measure: str, category: str) -> bool:
    """Whether a figure counts by a status as it is now."""
    return any((m["mart"], m["measure"]) == (mart, measure) and _needs_status(m, category) for m in read_seed("measure_list"))


def _needs_status(measure: Mapping[str, str], category: str) -> bool:
    coverage = read_coverage(coverage_of(measure, category))
    return any((coverage.extract, column) in STATUS_OF_NOW for column in coverage.columns)


def _names(measures: Iterable[Mapping[str, str]]) -> str:
    """Marts and measures as a list in SQL."""
    return ", ".join(f"({literal(m['mart'])}, {literal(m['measure'])})" for m in measures)


def charts_in_words(charts: str, measures: str) -> str:
    """SQL of control charts as they are put into words.

    It has the columns of `mart_control_charts`, with the marks that hold in words, and `not_judged`: the reason, as a key of
    NOT_JUDGED, where no month of the base is judged; else null. `charts`: whole series of the mart, as a relation or a query in
    brackets; `measures`: a relation in the columns of `marts.measures` with their months.
    """
    listed = read_seed("measure_list")
    status = _names(m for m in listed if _needs_status(m, "all"))
    status_of_categories = _names(m for m in listed if _needs_status(m, ""))
    on_a_day = _names(m for m in listed if m["aggregation"] in ("stock", "last"))
    money = _names(m for m in listed if m["unit"] == "gbp")
    return f"""(
        with months as (
            select charts.*, denominator, numerator,
                {_MONTH_NO} - lag({_MONTH_NO}) over (partition by {_BASE} order by period_start) = 1 as is_next
            from {charts} as charts
            left join (
                select {_SERIES}, period_start, numerator, denominator from {measures}
                where period_type = 'month' and denominator is not null
            ) as rates using ({_SERIES}, period_start)
        ),
        stretches as (
            select *, sign(value - mean) as side,
                case when is_next then sign(value - lag(value) over (partition by {_BASE} order by period_start)) end as step,
                count(*) filter (is_next is distinct from true) over (partition by {_BASE} order by period_start) as stretch,
                case
                    when if(avg(denominator) over base is null, mean < {FEW_A_MONTH},
                        avg(denominator) over base < {SMALL} or avg(numerator) over base < {FEW_A_MONTH}) then 'few'
                    when upper_limit is null or upper_limit <= mean then 'still'
                    when count(*) over base < {FEWEST_MONTHS} then 'short'
                    when (mart, measure) in ({status}) or (mart, measure) in ({status_of_categories}) and category <> 'all'
                        then 'status'
                    when (mart, measure) in ({on_a_day}) then 'on a day'
                    when (mart, measure) in ({money}) then 'money'
                end as not_judged
            from months
            window base as (partition by {_BASE})
        ),
        -- Months in a row that have the same side, or the same step, have the same number.
        numbered as (
            select *, row_number() over in_order - row_number() over (partition by {_BASE}, stretch, side order by period_start)
                as side_no,
                row_number() over in_order - row_number() over (partition by {_BASE}, stretch, step order by period_start)
                as step_no
            from stretches
            window in_order as (partition by {_BASE}, stretch order by period_start)
        ),
        counted as (
            select *, count(*) over (partition by {_BASE}, stretch, side, side_no) >= 7 as has_run,
                case when count(*) over (partition by {_BASE}, stretch, step, step_no) >= 6 then step else 0 end as trend
            from numbered
        ),
        held as (
            select * replace (
                is_outside_limits and not_judged is null as is_outside_limits,
                is_two_of_three and not_judged is null as is_two_of_three,
                is_run and has_run and not_judged is null as is_run,
                is_trend and trend_on <> 0 and not_judged is null as is_trend
            )
            from (
                -- The direction of a trend is that of the step to the next month, and in its last month that to it.
                select *, coalesce(nullif(lead(trend) over (partition by {_BASE}, stretch order by period_start), 0), trend, 0)
                    as trend_on
                from counted
            ) as directed
        )
        select * exclude (
                denominator, numerator, is_next, side, step, stretch, side_no, step_no, has_run, trend, trend_on
            ) replace (
                case
                    case when is_outside_limits then side when is_trend then trend_on
                        when is_two_of_three or is_run then side end
                    when 1 then 'high' when -1 then 'low' else 'common cause'
                end as variation
            )
        from held
    )"""
