"""The labelling tools whose files Concord writes, by name."""

from exchange.tools import argilla, doccano, labelstudio, quepid
from exchange.tools.file import ToolFile

TOOL_FILES: dict[str, ToolFile] = {
    module.FILE.name: module.FILE for module in (labelstudio, argilla, doccano, quepid)
}
