import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_site_is_built_without_warnings(tmp_path):
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-b",
        "html",
        ROOT / "docs",
        tmp_path / "site",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    api = (tmp_path / "site" / "api.html").read_text()
    assert "pmskills.analyze" in api
    assert "carried the decision" in api


def test_every_page_is_in_the_table_of_contents():
    index = (ROOT / "docs" / "index.md").read_text()
    assert [page.stem for page in (ROOT / "docs").glob("*.md") if page.stem != "index" and page.stem not in index] == []
