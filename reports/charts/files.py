"""The figures of a page as files: the page's own address with ?chart=NAME&file=png, svg or csv."""

import csv
import io
from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse

from corpus.formula_guard import guard_cell
from reports.charts.figure import Figure
from reports.charts.rendering import render
from reports.charts.tokens import SCHEMES

CONTENT_TYPES = {"png": "image/png", "svg": "image/svg+xml", "csv": "text/csv; charset=utf-8"}


def wants_file(request: HttpRequest) -> bool:
    """Whether a chart of the page is asked for, and not the page."""
    return "chart" in request.GET


def chart_file(request: HttpRequest, figures: Sequence[Figure], *, prefix: str) -> HttpResponse:
    """The figure asked for as a download named prefix-chart.format. Raises Http404 where there is none."""
    file_format = request.GET.get("file", "")
    figure = next((each for each in figures if each.name == request.GET.get("chart")), None)
    if figure is None or file_format not in CONTENT_TYPES:
        raise Http404("There is no such chart.")
    if file_format == "csv":
        content = table_as_csv(figure).encode()
    else:
        scheme = request.GET.get("scheme")
        content = render(figure, file_format=file_format, scheme=scheme if scheme in SCHEMES else "light")
    return HttpResponse(
        content,
        content_type=CONTENT_TYPES[file_format],
        headers={"Content-Disposition": f'attachment; filename="{prefix}-{figure.name}.{file_format}"'},
    )


def table_as_csv(figure: Figure) -> str:
    """The figure's table; cells that a spreadsheet would run are guarded."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    for row in [figure.columns, *figure.rows]:
        writer.writerow([guard_cell(str(cell)) for cell in row])
    return lines.getvalue()
