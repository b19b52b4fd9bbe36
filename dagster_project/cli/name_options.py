"""Options that name a mart, an area or a force, in the words of `serving/typed_names`."""

from typing import Annotated, Any

import typer

from dagster_project.serving.typed_names import UnknownNameError, force_named

from .common import option

MartOption = Annotated[str | None, option("--mart", "The mart, where several have the measure; mart_ may be left out.")]
AreaOption = Annotated[str | None, option("--area", "Area, by name or code. (default: the force)")]
AreaTypeOption = Annotated[str | None, option("--area-type", "Kind of --area, where several have the name: section, lpu...")]
ForceOption = Annotated[str | None, option("--force", "Force, by code or name, where there are several.")]


def _force_code(force: str | None) -> str | None:
    try:
        return force and force_named(force)
    except UnknownNameError as error:
        raise typer.BadParameter(str(error)) from error


def any_force_option(text: str) -> Any:
    """A force that may have no figures yet. `text`: what it is for, which follows `Force, by code or name`."""
    return option("--force", f"Force, by code or name{text}", callback=_force_code)
