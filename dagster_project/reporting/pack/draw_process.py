"""The process that draws charts. It imports nothing of PAM Warehouse, so that it starts fast.

It reads one request a line (JSON) from standard input and answers each on standard output: the sizes in bytes of SVG and PNG
(two numbers, -1 for a picture that could not be drawn), then the bytes. A text that crashes the renderer, and so
this process, costs one chart.
"""

import json
import os
import resource
import struct
import sys
from typing import Any

SIZES = struct.Struct(">qq")


def draw(request: dict[str, Any]) -> tuple[bytes | None, bytes | None]:
    """The SVG, drawn from `spec` unless `svg` has it, and the PNG if `scale` is set."""
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
    # A core dump would contain the figures.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What the renderer prints must not get into the answers.
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
