import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = (ROOT / "config" / "settings.py").read_text()
NAMES = set(re.findall(r'env\.\w+\("([A-Z_]+)"', SOURCE))


def test_every_setting_is_documented_and_nothing_else_is():
    documented = set(
        re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    )
    assert documented == NAMES


def test_a_server_without_a_secret_key_does_not_start():
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}
    environment["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    ended = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode != 0
    assert "SECRET_KEY" in ended.stderr


def test_a_value_that_cannot_be_read_stops_the_start():
    ended = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        env=os.environ | {"UPLOAD_LIMIT": "a lot"},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode != 0
    assert "UPLOAD_LIMIT" in ended.stderr
