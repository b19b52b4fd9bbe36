"""Draws one chart. `pack.picture_processes` calls it in a process that imports little else, so that it starts fast."""


def draw_chart(spec: str, scale: int | None) -> tuple[bytes | None, bytes | None]:
    """A Vega-Lite specification as SVG and, with a `scale`, as PNG; None for a picture that can't be drawn."""
    import vl_convert

    svg = png = None
    try:
        # A PNG is made from the SVG: the layout takes most of the time.
        svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
        if scale:
            png = vl_convert.svg_to_png(svg, scale=scale)
    except Exception:  # noqa: S110  (the pages say that it could not be drawn)
        pass
    return svg.encode("utf-8") if svg else None, png
