"""The process that draws charts. It imports nothing of PAM Warehouse, so that it starts fast.

It answers each request (specification, SVG, scale) with the bytes of SVG and PNG, none for one that could not be drawn. A text
that crashes the renderer, and so this process, costs one chart.
"""

import json
import resource
import sys
from multiprocessing.connection import Connection


def draw(spec: str, svg: str | None, scale: int | None) -> tuple[bytes | None, bytes | None]:
    """The SVG, drawn from `spec` unless `svg` has it, and the PNG if `scale` is set."""
    import vl_convert

    png = None
    try:
        svg = svg or vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
        if scale:
            png = vl_convert.svg_to_png(svg, scale=scale)
    except Exception as error:
        print(error, file=sys.stderr)
    return svg.encode("utf-8") if svg else None, png


def main(requests: Connection) -> None:
    """Answer requests until there are no more."""
    # A core dump would contain the figures.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        while True:
            for picture in draw(*requests.recv()):
                requests.send_bytes(picture or b"")
    except EOFError:
        return


if __name__ == "__main__":
    sys.path += json.loads(sys.argv[2])
    main(Connection(int(sys.argv[1])))
