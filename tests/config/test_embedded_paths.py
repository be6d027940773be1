import base64
import os
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from config.embedded.paths import Folders, concord_var
from config.embedded.problems import ServiceProblem


def ask_for_secret(var):
    return Folders(var).secret("key")


def test_concord_var_is_taken_from_the_environment_or_lies_beside_manage_py(monkeypatch, tmp_path):
    monkeypatch.setenv("CONCORD_VAR", str(tmp_path))
    assert concord_var() == tmp_path
    monkeypatch.delenv("CONCORD_VAR")
    assert concord_var().name == "var"
    assert (concord_var().parent / "manage.py").exists()


def test_sub_folders_open_to_their_owner_only(tmp_path):
    folders = Folders(tmp_path / "var")
    for folder in (folders.postgres, folders.run, folders.logs, folders.files, folders.secrets):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_new_concord_var_can_be_listed_by_its_owner_only(tmp_path):
    var = Folders(tmp_path / "var").run.parent
    assert stat.S_IMODE(var.stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)


def test_a_folder_that_was_there_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o755)
    assert Folders(tmp_path).run.is_dir()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_secret_stays_the_same_and_is_private(tmp_path):
    folders = Folders(tmp_path)
    assert folders.secret("key") == folders.secret("key") != folders.secret("other")
    assert stat.S_IMODE((folders.secrets / "key").stat().st_mode) == 0o600


def test_a_secret_has_the_form_of_a_fernet_key(tmp_path):
    assert len(base64.urlsafe_b64decode(Folders(tmp_path).secret("key"))) == 32


def test_processes_that_ask_for_a_new_secret_at_once_get_the_same(tmp_path):
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        assert len(set(pool.map(ask_for_secret, [tmp_path] * 12))) == 1


def test_a_draft_left_by_a_crash_is_no_secret(tmp_path):
    folders = Folders(tmp_path)
    (folders.secrets / ".key.new").write_text("half")
    assert len(folders.secret("key")) == 44


def test_a_folder_that_cannot_be_made_is_a_sentence_with_a_remedy(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ServiceProblem, match="set CONCORD_VAR"):
        Folders(tmp_path / "file").run  # noqa: B018 - asking makes it
