"""The process that draws charts. It imports nothing of PAM Warehouse, so that it starts fast.

It reads one request a line (JSON) from standard input and answers each on standard output: how many bytes the SVG and the PNG
have (two numbers, -1 for a picture that could not be drawn), then the bytes. The renderer can end this process: a text that it
can't bear costs one chart.
"""

import json
import os
import resource
import struct
import sys
from typing import Any

SIZES = struct.Struct(">qq")


def draw(request: dict[str, Any]) -> tuple[bytes | None, bytes | None]:
    """The SVG, and the PNG where `scale` asks for it. `svg`: what was drawn before; else it is drawn of `spec`."""
    import vl_convert

    svg = png = None
    try:
        svg = request.get("svg") or vl_convert.vegalite_to_svg(request["spec"], allowed_base_urls=[])
        if request.get("scale"):
            png = vl_convert.svg_to_png(svg, scale=request["scale"])
    except Exception as error:
        print(error, file=sys.stderr)
    return svg.encode("utf-8") if svg else None, png


def main() -> None:
    """Answer requests until there are no more."""
    # A core would hold the figures.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What the renderer prints must not end up among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        svg, png = draw(json.loads(line))
        answers.write(SIZES.pack(*(-1 if p is None else len(p) for p in (svg, png))))
        answers.write((svg or b"") + (png or b""))
        answers.flush()


if __name__ == "__main__":
    sys.path += json.loads(sys.argv[1])
    main()
