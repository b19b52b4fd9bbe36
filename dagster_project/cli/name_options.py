"""Options that name a mart, an area or a force, in the words of `serving/typed_names`."""

from typing import Annotated

from .common import option

MartOption = Annotated[str | None, option("--mart", "The mart, where several have the measure; mart_ may be left out.")]
AreaOption = Annotated[str | None, option("--area", "Area, by name or code. (default: the force)")]
AreaTypeOption = Annotated[str | None, option("--area-type", "Kind of --area, where several have the name: section, lpu...")]
ForceOption = Annotated[str | None, option("--force", "Force, by code or name, where there are several.")]
