"""Every row of every mart, computed directly from current rows and coverage by adding up each period.

    landing = land(nights, forces)
    rows = marts(landing, areas, forces)

A row is a dict of COLUMNS. Values are Decimal, periods dates. Only rates and percentages are rounded.
"""

import re
from decimal import ROUND_HALF_UP, Decimal

from .contract import EXTRACTS
from .periods import Cover, Month, periods_of, year_earlier
from .public_health import INDICATORS, public_health
from .series import ALL, MARTS, NOT_RECORDED, Flow, Last, Rate, Stock, district

COLUMNS = (
    "mart", "force_code", "area_type", "area_code", "area_name", "measure", "category", "period_type",
    "period_start", "period_end", "period_label", "value", "unit", "numerator", "denominator", "prior_value",
    "volume_change", "pct_change", "data_status",
)  # fmt: skip
OFFENCE_CODES = {"92A": "trafficking", "92C": "possession", "92D": "possession", "92E": "possession"}
TEN_PLACES = Decimal("1e-10")


def marts(landing, areas, forces, offence_codes=None, indicators=None):
    """All rows of the 18 marts.

    Args:
        landing: a landing.Landing. areas: rows of areas.csv as dicts. forces: code -> name.
        offence_codes: code -> `possession` | `trafficking`.
        indicators: Fingertips id -> (measure, unit, `Value` | `Count`), or a list of these.
    """
    options = {"offence_codes": {k.upper(): v for k, v in (offence_codes or OFFENCE_CODES).items()}}
    out = []
    for force in sorted({force for _, force in landing.windows}):

        def get(extract, force=force):
            return landing.rows.get((extract, force), [])

        covers, unit_covers, periods = {}, {}, {}
        for mart in MARTS:
            for series in mart(get, options):
                name = series.extract
                if not landing.windows.get((name, force)):
                    continue  # the force never dropped this extract: no rows
                if name not in periods:
                    periods[name] = periods_of(landing.covered(name, force))
                cut = (name, getattr(series, "form", None), getattr(series, "since", None))
                if cut not in covers:
                    days = landing.covered(name, force, cut[1])
                    covers[cut] = Cover({day for day in days if cut[2] is None or day >= cut[2]})
                    unit_covers[cut] = Cover(covers[cut].days & _with_units(landing, name, force))
                places = Places(name, force, forces[force], areas, get)
                out += _expand(series, force, places, periods[name], covers[cut], unit_covers[cut])
        out += public_health(get("public_health"), force, indicators or INDICATORS)
    _add_priors(out)
    return out


def _with_units(landing, extract, force):
    """The covered days whose files have units: searches of data.police.uk have none."""
    days = landing.covered(extract, force)
    if extract != "stop_search" or all(form == "canonical" for *_, form in landing.windows[extract, force]):
        return days
    return landing.covered_by_files(extract, force, lambda load: load.form == "canonical")


class Places:
    """The areas for which an extract's rows count in one force. `of(unit)`: those of one row."""

    def __init__(self, extract, force, force_name, areas, get):
        self.force = ("force", force)
        self.names = {self.force: force_name}
        self.units = {}
        self.unknown = ()
        if extract == "street_crime":
            self._districts(get(extract))
        elif EXTRACTS[extract].has_units:
            self._units([area for area in areas if area["force_code"] == force])

    def _units(self, areas):
        for area in areas:
            section = ("section", area["section_code"])
            lpu = ("lpu", area["lpu_code"])
            self.names[section], self.names[lpu] = area["section_name"], area["lpu_name"]
            for spelling in (area["lpu_code"], area["lpu_name"]):
                self.units[spelling.strip().casefold()] = (section, lpu)
        self.names["lpu", "unknown"] = NOT_RECORDED
        self.unknown = (("lpu", "unknown"),)

    def _districts(self, rows):
        for name in {district(row["lsoa_name"]) for row in rows}:
            if name is None:
                self.unknown = (("district", "unknown"),)
                self.names["district", "unknown"] = NOT_RECORDED
                continue
            place = ("district", re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"))
            self.names[place] = name
            self.units[name.casefold()] = (place,)

    def of(self, unit):
        return (self.force, *self.units.get((unit or "").strip().casefold(), self.unknown))


def _expand(series, force, places, periods, cover, unit_cover):
    """Rows of one series: every area, category and period. `unit_cover`: coverage of units and sections."""
    all_category = [] if getattr(series, "of_whole", False) else [ALL]
    figures = {
        Flow: _flow, Rate: _rate, Stock: _stock, Last: _last,
    }[type(series)]  # fmt: skip
    by_cover = {c: (figures(series, places, c), [c.status(period) for period in periods]) for c in {cover, unit_cover}}
    for place, area_name in places.names.items():
        figure, statuses = by_cover[cover if place[0] == "force" or place[1] == "unknown" else unit_cover]
        for category in all_category + series.split:
            for period, status in zip(periods, statuses, strict=True):
                value, numerator, denominator, status = figure(place, category, period, status)
                yield {
                    "mart": series.mart, "force_code": force,
                    "area_type": place[0], "area_code": place[1], "area_name": area_name,
                    "measure": series.measure, "category": category,
                    "period_type": period.type, "period_start": period.start, "period_end": period.end,
                    "period_label": period.label,
                    "value": value, "unit": series.unit, "numerator": numerator, "denominator": denominator,
                    "prior_value": None, "volume_change": None, "pct_change": None, "data_status": status,
                }  # fmt: skip


def _by_month(facts, places, cover):
    """(area, category) -> month number -> sum of the facts of covered days."""
    sums = {}
    for day, unit, category, amount in facts:
        day = day.date() if hasattr(day, "date") else day
        if day not in cover.days:
            continue
        month = Month.of(day).number
        for place in places.of(unit):
            for name in (ALL, category) if category else (ALL,):
                months = sums.setdefault((place, name), {})
                months[month] = months.get(month, 0) + amount
    return sums


def _total(months, period):
    return Decimal(sum(months.get(number, 0) for number in period.months)) if months else Decimal(0)


def _flow(series, places, cover):
    sums = _by_month(series.facts, places, cover)

    def figure(place, category, period, status):
        if status == "not_available":
            return None, None, None, status
        return _total(sums.get((place, category)), period), None, None, status

    return figure


def _rate(series, places, cover):
    numerators = _by_month(series.numerator, places, cover)
    denominators = _by_month(series.denominator, places, cover)

    def figure(place, category, period, status):
        if status == "not_available":
            return None, None, None, status
        numerator = _total(numerators.get((place, category)), period)
        denominator = _total(denominators.get((place, ALL if series.of_whole else category)), period)
        return percent(numerator, denominator), numerator, denominator, status

    return figure


def _stock(series, places, cover):
    def figure(place, category, period, status):
        if period.end not in cover.days:
            return None, None, None, "not_available"
        active = 0
        for first, ended_on, unit, fact_category in series.facts:
            if first <= period.end and (ended_on is None or period.end < ended_on):
                active += place in places.of(unit) and category in (ALL, fact_category)
        return Decimal(active), None, None, "complete"

    return figure


def _last(series, places, cover):
    def figure(place, category, period, status):
        if period.end not in cover.days:
            return None, None, None, "not_available"
        counts = [(day, n) for day, _, _, n in series.facts if period.start <= day <= period.end]
        return (Decimal(max(counts)[1]) if counts else None), None, None, "complete"

    return figure


def percent(part, whole):
    """100 * part / whole, to ten places. None if the whole is zero."""
    return (100 * part / whole).quantize(TEN_PLACES, ROUND_HALF_UP) if whole else None


def _add_priors(rows):
    """Fill prior_value, volume_change and pct_change from the row of the same months one year earlier."""

    def key(row, start, end):
        return (
            row["mart"], row["force_code"], row["area_type"], row["area_code"], row["measure"],
            row["category"], row["period_type"], start, end,
        )  # fmt: skip

    by_key = {key(row, row["period_start"], row["period_end"]): row for row in rows}
    earlier = {}
    for row in rows:
        start, end = row["period_start"], row["period_end"]
        if (start, end) not in earlier:
            earlier[start, end] = year_earlier(start), year_earlier(end)
        prior = by_key.get(key(row, *earlier[start, end]))
        if prior is None or prior["value"] is None:
            continue
        row["prior_value"] = prior["value"]
        if row["value"] is None or not row["data_status"] == prior["data_status"] == "complete":
            continue
        row["volume_change"] = row["value"] - prior["value"]
        if row["unit"] != "percent":
            row["pct_change"] = percent(row["volume_change"], prior["value"])
