"""Charts as files, drawn on the server."""

from reports.charts.figure import Figure

VEGA_LITE = "6.4"
PIXELS = 2.0  # per unit of the drawing


def render(figure: Figure, *, file_format: str, scheme: str = "light") -> bytes:
    """The figure with its title as a PNG (at twice the size) or SVG file; nothing is fetched for it."""
    import vl_convert  # starts a JavaScript engine: only downloads pay for it

    spec = figure.spec(scheme)
    if file_format == "svg":
        return vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[]).encode()
    return vl_convert.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=PIXELS, allowed_base_urls=[])
