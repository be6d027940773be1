"""One look for all charts, in both colour schemes."""

from typing import Any

from reports.charts.tokens import ramp, tokens

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
SMALL, NORMAL = 13, 15  # px, of the stylesheet's four sizes


def config(scheme: str) -> dict[str, Any]:
    """The Vega-Lite config of a scheme."""
    colours = tokens(scheme)
    text = {"font": FONT, "fontSize": SMALL}
    return {
        "background": colours["paper"],
        "font": FONT,
        "padding": 4,
        "view": {"stroke": None},
        "title": {
            **text,
            "fontSize": NORMAL,
            "fontWeight": 600,
            "anchor": "start",
            "color": colours["ink"],
            "subtitleFont": FONT,
            "subtitleFontSize": SMALL,
            "subtitleColor": colours["ink-soft"],
            "subtitlePadding": 4,
            "offset": 12,
        },
        "axis": {
            "labelFont": FONT,
            "titleFont": FONT,
            "labelFontSize": SMALL,
            "titleFontSize": SMALL,
            "titleFontWeight": 400,
            "labelColor": colours["ink"],
            "titleColor": colours["ink-soft"],
            "domainColor": colours["line-strong"],
            "tickColor": colours["line-strong"],
            "gridColor": colours["line"],
            "labelPadding": 6,
            "titlePadding": 10,
        },
        "header": {
            "labelFont": FONT,
            "titleFont": FONT,
            "labelFontSize": SMALL,
            "titleFontSize": SMALL,
            "titleFontWeight": 400,
            "labelColor": colours["ink"],
            "titleColor": colours["ink-soft"],
        },
        "legend": {
            "labelFont": FONT,
            "titleFont": FONT,
            "labelFontSize": SMALL,
            "titleFontSize": SMALL,
            "titleFontWeight": 400,
            "labelColor": colours["ink"],
            "titleColor": colours["ink-soft"],
        },
        "text": {"font": FONT, "fontSize": SMALL, "color": colours["ink"]},
        "range": {"heatmap": ramp(scheme), "ramp": ramp(scheme)},
        "bar": {"color": colours["judges"]},
    }
