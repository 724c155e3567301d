"""A verdict is true for the files that were mounted."""

import pytest

from jupyter_azureml_image.errors import BadUsage
from jupyter_azureml_image.plan.mounted import digest_of


def test_a_folder_is_the_same_wherever_it_lies_and_whenever_it_was_written(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "score.py").write_text("x")
    assert digest_of(tmp_path / "one", tmp_path) == digest_of(tmp_path / "two", tmp_path)


def test_a_script_that_may_be_run_is_another(tmp_path):
    script = tmp_path / "code" / "start.sh"
    script.parent.mkdir()
    script.write_text("x")
    before = digest_of(script.parent, tmp_path)
    script.chmod(0o755)
    assert digest_of(script.parent, tmp_path) != before


def test_a_link_that_leads_nowhere_is_a_sentence(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "gone.py").symlink_to(tmp_path / "nowhere")
    with pytest.raises(BadUsage, match=r"gone\.py cannot be read for the rehearsal"):
        digest_of(tmp_path / "code", tmp_path)
