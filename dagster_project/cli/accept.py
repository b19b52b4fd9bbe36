"""`pam accept`: lets months that are far from the mean of the twelve months before pass the gate."""

from itertools import groupby
from operator import attrgetter
from typing import Annotated

import typer

from dagster_project.core.home_lists import areas_of_force
from dagster_project.serving.typed_names import Area, area_named, measures_named
from dagster_project.transform.accepted_months import accept_found, accept_months, accepted_file, is_flagged

from .common import HOME, ByOption, HomeOption, app, option, require_home
from .echo import echo
from .name_options import any_force_option


@app.command()
def accept(
    why: Annotated[str, option("--why", "Why the figures are right: it goes on record. No personal data here.")],
    measure: Annotated[str, typer.Argument(help="Measure: its name, title or mart.measure.", show_default=False)] = "",
    months: Annotated[
        list[str] | None, typer.Argument(metavar="[MONTH]...", help="Months, such as 2025-10.", show_default=False)
    ] = None,
    force: Annotated[str, any_force_option(".")] = "",
    night: Annotated[str, option("--night", "All months that this night was held for, by its id.")] = "",
    area: Annotated[str, typer.Option("--area", help="A unit that fell to 0, by name or code. (default: the force)")] = "",
    by: ByOption = "",
    home: HomeOption = HOME,
) -> None:
    """Accept months of a measure that are far from the months before, so that they no longer hold a night.

    Look at the figures first. --night accepts all months that a night was held for; with a measure or --force, all of these.
    A unit that fell to 0 is accepted separately, with --area: other units and the force's own figure are still judged.

    Example: pam accept possession_offences 2025-10 2025-11 --force derbyshire --why "Operation Kestrel ended"

    Example: pam accept --night 20260126T020000Z --why "The old system was down in these months"

    Example: pam accept drug_searches 2025-10 --force derbyshire --area "High Peak" --why "The unit has moved to Glossop"
    """
    require_home(home)
    if night and (months or area):
        raise typer.BadParameter("--night says the months itself: leave them and --area out, or leave --night out")
    if not night and not (measure and months and force):
        raise typer.BadParameter("say a MEASURE, its MONTH and --force, or all that a night was held for with --night")
    if area:
        # A unit may have no figures yet.
        units = [Area("lpu", a["lpu_code"], a["lpu_name"], "") for a in areas_of_force(home, force)]
        area = area_named(area, None, units).code
    if measure:
        measure = measures_named(measure)[0]["measure"]
    accepted = (
        accept_found(home, night.strip(), by=by, why=why, measure=measure, force=force)
        if night else accept_months(home, measure, months or [], force, by=by, why=why, unit=area)
    )  # fmt: skip
    for (name, of, unit), own in groupby(accepted, key=attrgetter("measure", "force_code", "area_code")):
        listed = [a.month for a in own]
        place = f" of {unit}" if area else ""
        verb = "passes" if len(listed) == 1 else "pass"
        echo(f"{name}{place} of {of} in {', '.join(listed)} {verb} from the next night on")
    if unseen := [a.month for a in accepted if not is_flagged(home, a)]:
        which = "it" if len(accepted) == 1 else ", ".join(unseen)
        echo(
            f"pam: no rule of the last checked night found fault with {which}: whatever comes for it now passes unseen. If you"
            f" do not mean that, take its line out of {accepted_file(home)}",
            err=True,
        )
